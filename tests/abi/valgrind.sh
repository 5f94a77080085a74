#!/bin/sh
# usage: valgrind.sh VALGRIND SANITIZERS PROGRAM
# Runs the program under valgrind; any error or lost block fails. 77: skipped.
if [ -z "$1" ] || [ "${1%-NOTFOUND}" != "$1" ]; then
    echo "skipped: valgrind is not installed"
    exit 77
fi
if [ -n "$2" ]; then
    echo "skipped: built with sanitizers"
    exit 77
fi
# Without valgrind all of them fail once, and are counted.
export APP_CREATE_TEST_FAULT_STRIDE=4
# nouserintercepts: the program's own malloc and operator new, where its faults are, stay.
exec "$1" --quiet --soname-synonyms=somalloc=nouserintercepts --error-exitcode=9 --leak-check=full --show-leak-kinds=definite,indirect \
    --errors-for-leak-kinds=definite,indirect "$3"
