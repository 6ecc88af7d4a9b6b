// SPDX-License-Identifier: Apache-2.0
#include "cholesky.h"

#include <cstring>
#include <memory>
#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <vector>

namespace
{
using message = tbb::flow::continue_msg;
using node = tbb::flow::continue_node<message>;

struct state {
    tbb::global_control control;
    tbb::task_arena arena;
    cholesky_matrix matrix, factor;
};

struct flow {
    tbb::flow::graph graph;
    std::vector<std::unique_ptr<node>> nodes;
    std::vector<node *> latest; // of each tile
    const cholesky_matrix &m;

    explicit flow(const cholesky_matrix &m) : latest((size_t)(m.tiles * (m.tiles + 1) / 2)), m(m)
    {
        for (int64_t k = 0; k < m.tiles; k++) {
            double *l = cholesky_tile(&m, k, k);
            add(k, k, [=, n = m.tile] { cholesky_factor(l, n); }, {});
            for (int64_t i = k + 1; i < m.tiles; i++) {
                double *a = cholesky_tile(&m, i, k);
                add(i, k, [=, n = m.tile] { cholesky_solve(a, l, n); }, {at(k, k)});
            }
            for (int64_t i = k + 1; i < m.tiles; i++)
                update(i, k);
        }
    }

    void update(int64_t i, int64_t k)
    {
        double *a = cholesky_tile(&m, i, k), *c = cholesky_tile(&m, i, i);
        add(i, i, [=, n = m.tile] { cholesky_square(c, a, n); }, {at(i, k)});
        for (int64_t j = k + 1; j < i; j++) {
            double *x = cholesky_tile(&m, i, j), *b = cholesky_tile(&m, j, k);
            add(i, j, [=, n = m.tile] { cholesky_multiply(x, a, b, n); }, {at(i, k), at(j, k)});
        }
    }

    node *&at(int64_t i, int64_t j)
    {
        return latest[(size_t)(i * (i + 1) / 2 + j)];
    }

    // A task on tile (i, j), after the one before on that tile and after those of INPUTS.
    template <typename Body>
    void add(int64_t i, int64_t j, Body body, std::initializer_list<node *> inputs)
    {
        nodes.push_back(std::make_unique<node>(graph, [=](const message &) { body(); }));
        node *added = nodes.back().get();
        if (at(i, j))
            tbb::flow::make_edge(*at(i, j), *added);
        for (node *input : inputs)
            tbb::flow::make_edge(*input, *added);
        at(i, j) = added;
    }

    void run()
    {
        nodes.front()->try_put(message()); // the only one without inputs
        graph.wait_for_all();
    }
};

void *start(const bench_config *config)
{
    auto *s = new state{{tbb::global_control::max_allowed_parallelism, (size_t)config->threads},
                        tbb::task_arena(config->threads),
                        {},
                        {}};
    cholesky_blas_threads(1);
    cholesky_new(&s->matrix, config);
    cholesky_new_like(&s->factor, &s->matrix);
    return s;
}

void run(void *p, bench_sample *sample)
{
    auto *s = static_cast<state *>(p);
    double begin = bench_now(), end = 0;
    memcpy(s->factor.data, s->matrix.data, cholesky_bytes(&s->matrix));
    s->arena.execute([&] {
        flow f(s->factor);
        f.run();
        end = bench_now();
    });
    cholesky_report(&s->matrix, &s->factor, begin, end, sample);
}

void stop(void *p)
{
    auto *s = static_cast<state *>(p);
    cholesky_free(&s->matrix);
    cholesky_free(&s->factor);
    delete s;
}
} // namespace

extern "C" const bench_peer cholesky_tbb = {"tbb", start, run, stop};
