/*
 * Faults on purpose. The programs are linked with --wrap for these functions, so what the core, jansson, SQLite and
 * C++ allocate passes through here.
 */
#ifndef ABI_FAULTS_H
#define ABI_FAULTS_H

#include <stdbool.h>

/* Fails one allocation, the k-th from now on, 0 is the next; with `forever` all after it too. */
void fault_allocation(long k, bool forever);
/* Ends it. Did it come to that allocation? */
bool fault_allocation_met(void);
/* Blocks that are allocated now. */
long live_allocations(void);
/* Bytes of these; and the most since the last watch_peak, which starts with what is allocated then. */
long live_bytes(void);
void watch_peak(void);
long peak_bytes(void);

/* Makes SQLite allocate here too; before its first use. */
void watch_sqlite_allocations(void);

typedef enum { FAULT_OPEN, FAULT_PREPARE, FAULT_STEP, FAULT_EXEC, FAULT_KINDS } fault_kind;

/* Answers `code` instead of the k-th call of this kind from now on, and of every later one too with `forever`. */
void fault_sqlite(fault_kind kind, long k, int code, bool forever);
bool fault_sqlite_met(void);

#endif
