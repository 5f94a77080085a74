#include "faults.h"

#include <malloc.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
int __real_sqlite3_open_v2(const char *name, sqlite3 **db, int flags, const char *vfs);
int __real_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int n, sqlite3_stmt **out, const char **tail);
int __real_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int n, unsigned flags, sqlite3_stmt **out,
                              const char **tail);
int __real_sqlite3_step(sqlite3_stmt *statement);
int __real_sqlite3_exec(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *ctx,
                        char **message);

int __real_sqlite3_errcode(sqlite3 *db);
int __real_sqlite3_extended_errcode(sqlite3 *db);
const char *__real_sqlite3_errmsg(sqlite3 *db);

/* Counts down to the fault; below zero there is none ahead. */
static atomic_long allocations_left = -1;
static atomic_bool allocation_met;
static atomic_bool allocation_forever;
static atomic_long live;
static atomic_long bytes;
static atomic_long most_bytes;

void fault_allocation(long k, bool forever) {
    allocation_met = false;
    allocation_forever = forever;
    allocations_left = k;
}

bool fault_allocation_met(void) {
    allocations_left = -1;
    return allocation_met;
}

long live_allocations(void) { return live; }
long live_bytes(void) { return bytes; }
void watch_peak(void) { most_bytes = (long)bytes; }
long peak_bytes(void) { return most_bytes; }

/* Two threads at once may miss a peak: who measures has one. */
static void add_bytes(long n) {
    bytes += n;
    if (bytes > most_bytes) most_bytes = (long)bytes;
}

static bool fails_now(void) {
    if (allocations_left < 0) return false;
    if (allocations_left > 0) {
        allocations_left--;
        return false;
    }
    if (!allocation_forever) allocations_left = -1;
    allocation_met = true;
    return true;
}

void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

static void *counted(void *block) {
    if (block == NULL) return NULL;
    ++live;
    add_bytes((long)malloc_usable_size(block));
    return block;
}

void *__wrap_malloc(size_t size) { return fails_now() ? NULL : counted(__real_malloc(size)); }

void *__wrap_calloc(size_t n, size_t size) { return fails_now() ? NULL : counted(__real_calloc(n, size)); }

void *__wrap_realloc(void *block, size_t size) {
    if (fails_now()) return NULL;
    if (block == NULL) return counted(__real_realloc(NULL, size));
    const long before = (long)malloc_usable_size(block);
    void *moved = __real_realloc(block, size);
    if (moved != NULL) add_bytes((long)malloc_usable_size(moved) - before);
    return moved;
}

void __wrap_free(void *block) {
    if (block != NULL) {
        --live;
        bytes -= (long)malloc_usable_size(block);
    }
    __real_free(block);
}

/* SQLite wants to know the size of a block, so that stands before it. */
#define HEAD 16

static void *sqlite_malloc(int size) {
    char *block = __wrap_malloc((size_t)size + HEAD);
    if (block == NULL) return NULL;
    *(int *)(void *)block = size;
    return block + HEAD;
}

static void sqlite_free(void *block) { __wrap_free((char *)block - HEAD); }

static void *sqlite_realloc(void *block, int size) {
    char *moved = __wrap_realloc((char *)block - HEAD, (size_t)size + HEAD);
    if (moved == NULL) return NULL;
    *(int *)(void *)moved = size;
    return moved + HEAD;
}

static int sqlite_size(void *block) { return *(int *)(void *)((char *)block - HEAD); }
static int sqlite_round_up(int size) { return (size + 7) & ~7; }
static int sqlite_start(void *ctx) { return ctx != NULL; }
static void sqlite_stop(void *ctx) { (void)ctx; }

void watch_sqlite_allocations(void) {
    static const sqlite3_mem_methods methods = {.xMalloc = sqlite_malloc,
                                                .xFree = sqlite_free,
                                                .xRealloc = sqlite_realloc,
                                                .xSize = sqlite_size,
                                                .xRoundup = sqlite_round_up,
                                                .xInit = sqlite_start,
                                                .xShutdown = sqlite_stop};
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK) abort();
}

/* One thread at a time asks for faults of SQLite. */
static struct {
    long left; /* as allocations_left */
    bool met;
    fault_kind kind;
    int code;
    bool forever;
    int last; /* what sqlite3_errcode says until the next call: SQLite itself knows nothing of the fault */
} sqlite_fault = {.left = -1};

void fault_sqlite(fault_kind kind, long k, int code, bool forever) {
    sqlite_fault.met = false;
    sqlite_fault.kind = kind;
    sqlite_fault.code = code;
    sqlite_fault.forever = forever;
    sqlite_fault.left = k;
}

bool fault_sqlite_met(void) {
    sqlite_fault.left = -1;
    return sqlite_fault.met;
}

/* SQLITE_OK: go on with the real function. */
static int sqlite_code(fault_kind kind) {
    sqlite_fault.last = SQLITE_OK;
    if (kind != sqlite_fault.kind || sqlite_fault.left < 0) return SQLITE_OK;
    if (sqlite_fault.left > 0) {
        --sqlite_fault.left;
        return SQLITE_OK;
    }
    if (!sqlite_fault.forever) sqlite_fault.left = -1;
    sqlite_fault.met = true;
    sqlite_fault.last = sqlite_fault.code;
    return sqlite_fault.code;
}

int __wrap_sqlite3_open_v2(const char *name, sqlite3 **db, int flags, const char *vfs) {
    const int code = sqlite_code(FAULT_OPEN);
    if (code == SQLITE_OK) return __real_sqlite3_open_v2(name, db, flags, vfs);
    /* A handle that knows of its failure, as SQLite gives one. */
    __real_sqlite3_open_v2("/nonexistent/apps.db", db, flags, vfs);
    return code;
}

int __wrap_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int n, sqlite3_stmt **out, const char **tail) {
    const int code = sqlite_code(FAULT_PREPARE);
    if (code == SQLITE_OK) return __real_sqlite3_prepare_v2(db, sql, n, out, tail);
    *out = NULL;
    return code;
}

int __wrap_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int n, unsigned flags, sqlite3_stmt **out,
                              const char **tail) {
    const int code = sqlite_code(FAULT_PREPARE);
    if (code == SQLITE_OK) return __real_sqlite3_prepare_v3(db, sql, n, flags, out, tail);
    *out = NULL;
    return code;
}

int __wrap_sqlite3_step(sqlite3_stmt *statement) {
    const int code = sqlite_code(FAULT_STEP);
    return code == SQLITE_OK ? __real_sqlite3_step(statement) : code;
}

int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *ctx,
                        char **message) {
    const int code = sqlite_code(FAULT_EXEC);
    if (code == SQLITE_OK) return __real_sqlite3_exec(db, sql, row, ctx, message);
    if (message != NULL) *message = NULL;
    return code;
}

int __wrap_sqlite3_errcode(sqlite3 *db) {
    return sqlite_fault.last != SQLITE_OK ? sqlite_fault.last & 0xff : __real_sqlite3_errcode(db);
}

int __wrap_sqlite3_extended_errcode(sqlite3 *db) {
    return sqlite_fault.last != SQLITE_OK ? sqlite_fault.last : __real_sqlite3_extended_errcode(db);
}

const char *__wrap_sqlite3_errmsg(sqlite3 *db) {
    return sqlite_fault.last != SQLITE_OK ? sqlite3_errstr(sqlite_fault.last) : __real_sqlite3_errmsg(db);
}
