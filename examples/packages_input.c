/* SPDX-License-Identifier: Apache-2.0 */
#include "packages_input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Reads FD to its end; 0 or an errno. */
static int read_all(int fd, bask_span *text)
{
    char *data = NULL;
    size_t size = 0, capacity = 0;
    int error = 0;
    for (;;) {
        if (size == capacity) {
            size_t more = capacity ? 2 * capacity : 1 << 20;
            char *larger = realloc(data, more);
            if (!larger) {
                error = ENOMEM;
                break;
            }
            data = larger;
            capacity = more;
        }
        ssize_t got = read(fd, data + size, capacity - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            error = errno;
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    *text = (bask_span){data, size};
    return error;
}

/* What is wrong belongs to no line in particular: the first stands for all. */
static bool refuse(const char *name, const char *why)
{
    fprintf(stderr, "%s:1: %s\n", name, why);
    return false;
}

static bool read_command(const char *command, input *input)
{
    FILE *pipe = popen(command, "r");
    if (!pipe)
        return refuse(command, strerror(errno));
    int error = read_all(fileno(pipe), &input->text);
    int status = pclose(pipe);
    if (error)
        return refuse(command, strerror(error));
    return status == 0 || refuse(command, "the command failed");
}

bool input_read(const char *path, const char *command, input *input)
{
    *input = (struct input){path ? path : command, {NULL, 0}};
    if (!path)
        return read_command(command, input);
    bool standard = strcmp(path, "-") == 0;
    if (standard)
        input->name = "<stdin>";
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    int error = fd < 0 ? errno : read_all(fd, &input->text);
    if (fd > STDIN_FILENO)
        close(fd);
    return error == 0 || refuse(input->name, strerror(error));
}

void input_free(input *input)
{
    free((void *)input->text.data);
}
