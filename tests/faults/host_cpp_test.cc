/* SPDX-License-Identifier: Apache-2.0 */
/* A host in C++: exceptions around bask's calls and inside kernels, and objects that free. */
#include <bask.h>
#include <criterion/criterion.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace
{

struct closes {
    void operator()(bask_client *c) const
    {
        bask_close(c);
    }
    void operator()(bask_graph *g) const
    {
        bask_graph_free(g);
    }
    void operator()(bask_future *f) const
    {
        bask_future_free(f);
    }
};
using client = std::unique_ptr<bask_client, closes>;
using graph = std::unique_ptr<bask_graph, closes>;
using future = std::unique_ptr<bask_future, closes>;

struct failed : std::runtime_error {
    bask_status status;
    explicit failed(bask_status s) : std::runtime_error(bask_last_error()), status(s)
    {
    }
};

void check(bask_status status)
{
    if (status != BASK_OK)
        throw failed(status);
}

client open(const char *address)
{
    bask_client *c;
    check(bask_open(address, &c));
    return client(c);
}

int64_t result(const future &f)
{
    int64_t x = 0;
    check(bask_result(f.get(), &x));
    return x;
}

int64_t third(const std::vector<int64_t> &v)
{
    return v.at(2);
}

} // namespace

BASK_KERNEL(int64_t, inc, (int64_t, x))
{
    return x + 1;
}

/* What the code in a kernel throws, the kernel catches. */
BASK_KERNEL(int64_t, third_of, (int64_t, n))
{
    try {
        return third(std::vector<int64_t>(static_cast<size_t>(n), n));
    } catch (const std::out_of_range &) {
        bask_fail(BASK_EKERNEL, "%d is too few", static_cast<int>(n));
        return 0;
    }
}

/* ... and what a call of bask's makes it throw. */
BASK_KERNEL(int64_t, rethrows, (int64_t, n))
{
    try {
        client c = open("sync://");
        return result(future(bask_submit(c.get(), third_of, n)));
    } catch (const failed &f) {
        bask_fail(f.status, "%s", f.what());
        return 0;
    }
}

Test(cpp, host_throws_and_catches_around_calls)
{
    std::string what;
    try {
        client c = open("threads://2");
        future f(bask_submit(c.get(), third_of, 3)), g(bask_submit(c.get(), third_of, 2));
        cr_assert_eq(result(f), 3);
        result(g); /* throws past two futures and the client, which then go in this order */
    } catch (const failed &f) {
        what = f.what();
        cr_assert_eq(f.status, BASK_EKERNEL);
    }
    cr_assert(what.find("2 is too few") != std::string::npos, "%s", what.c_str());
}

Test(cpp, futures_and_graphs_go_after_their_client)
{
    future f;
    graph g;
    {
        client c = open("threads://2");
        g.reset(bask_graph_new(c.get()));
        bask_delayed *d = bask_delay(g.get(), inc, 1);
        bask_future *raw;
        check(bask_compute(c.get(), &d, 1, &raw));
        f.reset(raw);
    }
    cr_assert(bask_future_done(f.get()));
}

Test(cpp, kernels_catch_what_is_thrown_inside)
{
    client c = open("threads://2");
    for (int i = 0; i < 1000; i++) {
        future good(bask_submit(c.get(), rethrows, 5)), bad(bask_submit(c.get(), rethrows, 1));
        cr_assert_eq(result(good), 5);
        try {
            result(bad);
            cr_assert_fail();
        } catch (const failed &f) {
            cr_assert(std::string(f.what()).find("1 is too few") != std::string::npos);
        }
    }
}

Test(cpp, threads_of_the_host)
{
    client c = open("threads://2");
    std::vector<std::thread> threads;
    std::vector<int> sums(8);
    for (int &sum : sums)
        threads.emplace_back([&c, &sum] {
            for (int i = 0; i < 200; i++)
                try {
                    sum += static_cast<int>(result(future(bask_submit(c.get(), third_of, i % 4))));
                } catch (const failed &) {
                    sum += 1000;
                }
        });
    for (std::thread &t : threads)
        t.join();
    for (int sum : sums)
        cr_assert_eq(sum, 150 * 1000 + 50 * 3);
}

/* A client that the language closes after main, when kernels of this program are unregistered. */
static client global;

Test(cpp, static_client_is_closed_after_main)
{
    global = open("threads://2");
    cr_assert_eq(result(future(bask_submit(global.get(), inc, 1))), 2);
}
