/* SPDX-License-Identifier: Apache-2.0 */
/* Says where results come from; never names malloc, so nothing but bask can bring jemalloc in. */
#include <bask.h>

int main(void)
{
    printf("%s\n", bask_allocator());
}
