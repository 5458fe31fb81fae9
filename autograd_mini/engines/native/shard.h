/* Running a shard: some samples, each on the path of the function that is its own.

   A path is run for the samples that may be on it, in ascending order; those that differ at a guard go
   to the list of another path. Sums have an order: the clean samples of a path have the positions 0,
   1, … So once a block has lanes that differ, the lanes that agree wait until there are enough of
   them for a block of their own. */

enum { FEWEST = 8 }; /* fewer samples are run a lane at a time */

/* Flag a sample for each number that is not finite, whatever it was made from. */
enum { STRICTEST = 2 };

/* After so many steps of instructions and lanes, a run looks for signals: some milliseconds. */
#define STEPS_BETWEEN_SIGNALS 2000000

/* A piece of code that is run at once. */
#define PIECE 16384

typedef struct {
    int32_t path, guard;
    Py_ssize_t sample;
} Unknown;

typedef struct {
    Py_ssize_t *items; /* NULL: all samples from `first` on */
    size_t count, capacity;
    Py_ssize_t first;
} Samples;

/* The arrays of a run. They are kept for the next run. */
typedef struct Workspace {
    struct Workspace *next;
    size_t doubles, lanes;
    double *L, *A, *F, *D, *U, *V, *S; /* V: the adjoints of the uniform numbers U */
    void *memory;
} Workspace;

typedef struct {
    Program *programs;
    const int32_t *const *forks; /* for each path and guard the next path, or -1 */
    size_t count;                /* of paths */
    const Column *columns, *results;
    const double *numbers;
    Column seed;
    Py_ssize_t first, samples;
    int sums, strict;
    Workspace *space;

    Samples *lists;              /* for each path, the samples that it is to be run for */
    LIST_OF(int32_t) queue;      /* the paths that have samples */
    double **totals;             /* for each path that was run, the adjoints of its parameters */
    uint8_t *seen;               /* for each guard of the current path, whether it was noted */
    LIST_OF(Unknown) unknown;
    Samples flagged;
    size_t routed;
    size_t steps;
    PyThreadState *thread;       /* while the lock is released */
    const char *failure;         /* what went wrong, if it is neither memory nor a signal */
    int failed;
} Run;

/* The path that is run. */
typedef struct {
    Run *run;
    int32_t path;
    const Program *program;
    Samples samples;
    size_t code_count;           /* how many instructions there are before a uniform guard that differs */
    int32_t stop;                /* that guard, or -1 */
    int flagged;                 /* whether the prologue is not clean */
    int careful;                 /* whether its numbers are not all finite */
    int again;                   /* it is run again without padding, and only for the sums */
    int padded;
    size_t position;             /* of the next clean sample */
    Py_ssize_t waiting[BLOCK];
    int waiting_count;
} Passage;

/* --- signals ---------------------------------------------------------------------------------------- */

static int
fail(Run *run)
{
    run->failed = 1;
    return 0;
}

/* Count steps, and look for signals now and then; returns 0 if the run must end. */
static int
go_on(Run *run, size_t steps)
{
    run->steps += steps;
    if (run->steps < STEPS_BETWEEN_SIGNALS)
        return 1;
    run->steps = 0;
    PyEval_RestoreThread(run->thread);
    const int interrupted = PyErr_CheckSignals() < 0;
    run->thread = PyEval_SaveThread();
    return interrupted ? fail(run) : 1;
}

/* --- the lanes of one block ---------------------------------------------------------------------- */

/* Some samples in lanes; the last lanes may repeat the last sample. */
typedef struct {
    const Py_ssize_t *samples;
    int count, lanes;
    int consecutive;    /* whether the samples are neighbors */
    int complete;       /* whether all samples are on their own path, and clean so far */
    uint8_t own[BLOCK]; /* otherwise, which are; 2 where a derivative is not finite */
} Block;

static void
load_lanes(Passage *passage, Block *block, const Py_ssize_t *samples, int count, int lanes)
{
    const Program *program = passage->program;
    const Workspace *space = passage->run->space;
    block->samples = samples;
    block->count = count;
    block->lanes = lanes;
    block->consecutive = samples[count - 1] - samples[0] == count - 1;
    block->complete = 1;
    for (size_t k = 0; k < program->inputs.count; k++) {
        const Input input = program->inputs.items[k];
        const Column column = passage->run->columns[input.column];
        double *X = space->L + (size_t)input.slot * (size_t)lanes;
        if (column.base && column.stride == sizeof(double) && block->consecutive)
            memcpy(X, column.base + samples[0] * column.stride, (size_t)count * sizeof(double));
        else
            for (int i = 0; i < count; i++)
                X[i] = read_number(&column, samples[i]);
        for (int i = count; i < lanes; i++)
            X[i] = X[count - 1];
    }
    for (int i = 0; i < lanes; i++) {
        space->F[i] = 0.0;
        space->D[i] = -1.0;
    }
}

/* Run the lanes forward; D has then the guards at which they differ. */
static int
run_forward(Passage *passage, const Block *block)
{
    Run *run = passage->run;
    const Program *program = passage->program;
    const Workspace *s = run->space;
    const int32_t *operands = program->operands.items;
    int agreeing = 1;
    for (size_t at = 0; agreeing && at < passage->code_count; at += PIECE) {
        const size_t rest = passage->code_count - at, many = rest < PIECE ? rest : PIECE;
        const Instruction *code = program->forward.items + at;
        agreeing = (block->lanes == 1 ? forward_1 : forward_64)(code, (Py_ssize_t)many, operands,
                                                                s->L, s->U, s->F, s->D);
        if (!go_on(run, many * (size_t)block->lanes))
            return 0;
    }
    for (int i = 0; passage->stop >= 0 && i < block->lanes; i++)
        if (s->D[i] < 0.0)
            s->D[i] = passage->stop;
    return 1;
}

/* Run the lanes back from a root. Only a single lane may have numbers that are not finite. */
static int
run_back(Passage *passage, const Block *block, const Root *root, int careful)
{
    Run *run = passage->run;
    const Program *program = passage->program;
    const Workspace *s = run->space;
    const int32_t *operands = program->operands.items;
    double *S = s->S + (block->lanes == 1 ? passage->position % PARTS : 0);
    for (size_t at = root->start; at < root->end; at += PIECE) {
        const Reversal *code = program->reverse.items + at;
        const size_t rest = root->end - at, many = rest < PIECE ? rest : PIECE;
        (block->lanes > 1 ? reverse_64 : careful ? careful_reverse : reverse_1)(
            code, (Py_ssize_t)many, operands, s->L, s->U, s->A, S);
        if (!go_on(run, many * (size_t)block->lanes * 2))
            return 0;
    }
    return 1;
}

/* Write one result of the samples that are on their own path. */
static void
write_lanes(const Block *block, const Column *column, const double *lanes)
{
    const Py_ssize_t *samples = block->samples;
    if (block->complete && block->consecutive && column->stride == sizeof(double)) {
        memcpy(column->base + samples[0] * column->stride, lanes,
               (size_t)block->count * sizeof(double));
        return;
    }
    for (int i = 0; i < block->count; i++)
        if (block->complete || block->own[i])
            write_number(column, samples[i], lanes[i]);
}

static void
write_outputs(Passage *passage, const Block *block)
{
    const Program *program = passage->program;
    const Workspace *s = passage->run->space;
    double same[BLOCK];
    for (size_t k = 0; k < program->outputs.count; k++) {
        const Output output = program->outputs.items[k];
        const double *lanes = s->L + (size_t)output.slot * (size_t)block->lanes;
        if (output.slot < 0) {
            for (int i = 0; i < block->lanes; i++)
                same[i] = s->U[output.uniform];
            lanes = same;
        }
        write_lanes(block, &passage->run->results[k], lanes);
    }
}

/* Note the samples of which a derivative is not finite. */
static void
check_derivatives(Block *block, const double *lanes)
{
    int any = 0;
    for (int i = 0; i < block->count; i++)
        any |= !isfinite(lanes[i]);
    if (!any)
        return;
    if (block->complete)
        memset(block->own, 1, sizeof block->own);
    block->complete = 0;
    for (int i = 0; i < block->count; i++)
        if (block->own[i] && !isfinite(lanes[i]))
            block->own[i] = 2;
}

/* Write the derivatives of each root. */
static int
write_derivatives(Passage *passage, Block *block, int careful)
{
    static const double zeros[BLOCK] = {0.0};
    Run *run = passage->run;
    const Program *program = passage->program;
    double *A = run->space->A;
    size_t result = program->outputs.count, at = 0;
    for (size_t r = 0; r < program->roots.count; r++) {
        const Root *root = &program->roots.items[r];
        for (int i = 0; root->adjoint >= 0 && i < block->lanes; i++)
            A[(size_t)root->adjoint * (size_t)block->lanes + (size_t)i] = 1.0;
        if (!run_back(passage, block, root, careful))
            return 0;
        for (int32_t k = 0; k < program->wrt; k++, result++, at++) {
            const int32_t slot = program->derivatives.items[at];
            const double *found = slot < 0 ? zeros : A + (size_t)slot * (size_t)block->lanes;
            if (run->strict)
                check_derivatives(block, found);
            write_lanes(block, &run->results[result], found);
        }
    }
    return 1;
}

/* Add the derivatives of the next samples to the sums. */
static int
add_to_sums(Passage *passage, const Block *block, int careful)
{
    Run *run = passage->run;
    const Root *root = &passage->program->roots.items[0];
    const Workspace *s = run->space;
    if (root->adjoint >= 0) {
        double *G = s->A + (size_t)root->adjoint * (size_t)block->lanes;
        for (int i = 0; i < block->lanes; i++)
            G[i] = i < block->count ? read_number(&run->seed, block->samples[i]) : 0.0;
        if (!run_back(passage, block, root, careful))
            return 0;
    }
    else if (root->site >= 0) {
        double *T = s->S + (size_t)root->site * PARTS;
        for (int i = 0; i < block->count; i++)
            T[(passage->position + (size_t)i) % PARTS] += read_number(&run->seed, block->samples[i]);
    }
    passage->position += (size_t)block->count;
    passage->padded |= block->count < block->lanes;
    return 1;
}
