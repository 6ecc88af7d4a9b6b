#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# starting.sh PROGRAM: the five lines, on every kind of cluster.
want=$'1\n81\n15625\n3486784401\n3138428376721'
n=0
for cluster in threads:// threads://1 threads://2 threads://8 sync://; do
    n=$((n + 1))
    if [ "$("$1" --cluster "$cluster")" = "$want" ]; then echo "ok $n - $cluster"; else echo "not ok $n - $cluster"; fi
done
echo "1..$n"
