/* Lowering: from the flat format of a recording to instructions.

   The time is linear in the size of the recording, and nothing is recursive. */

/* What a program is lowered from; see `Replay.add`. */
typedef struct {
    const int32_t *code, *guards, *places, *outputs, *roots, *wrt;
    Py_ssize_t code_count, guard_count, output_count, root_count, wrt_count, constant_count;
    const double *constants;
    const Form *rows;
    Py_ssize_t row_count;
    int32_t inputs, leaves;
    int sums;
} Recording;

enum {
    VARIES = 1,  /* depends on an input */
    NEEDED = 2,  /* has an adjoint */
    VISITED = 4, /* on the way back from a root */
    PINNED = 8,  /* its slot is kept to the end */
    COVERED = 16 /* if it is not finite, nor is another that is checked */
};

/* A node on the path of the walk, and which of its operands comes next. */
typedef struct {
    int32_t node, next;
} Step;

enum { NO_SLOT = -1, FREED = -2 };

typedef struct {
    Recording from;
    Program *to;
    int32_t nodes;      /* how many there are: leaves and instructions */
    int32_t *at;        /* for each instruction, its place in the code */
    int32_t *emitted;   /* its place in the forward code or the prologue */
    uint8_t *flags;     /* for each node, its flags */
    int32_t *slot;      /* its lane slot or uniform number */
    int32_t *last;      /* the last instruction that reads it */
    int32_t *adjoint;   /* its slot among the adjoints */
    int32_t *splats;    /* for each uniform number, its lane slot */
    LIST_OF(int32_t) free_slots;
    LIST_OF(int32_t) order; /* the nodes on the way back, operands first */
    LIST_OF(Step) path;
    int32_t unchecked[4]; /* slots to be checked by the next instruction for that */
    int unchecked_count;
} Lowering;

static int
out_of_memory(void)
{
    PyErr_NoMemory();
    return -1;
}

static int
too_large(void)
{
    PyErr_SetString(PyExc_OverflowError, "a recording is too large: its numbers need 32 bits");
    return -1;
}

static int
malformed(const char *words)
{
    PyErr_Format(PyExc_ValueError, "a recording is malformed: %s", words);
    return -1;
}

/* Add an item to a list of the program; go to `error` if that fails. */
#define PUSH(list, ...)                                                                            \
    do {                                                                                           \
        if ((list)->count >= INT32_MAX) {                                                          \
            too_large();                                                                           \
            return -1;                                                                             \
        }                                                                                          \
        if (CANNOT_GROW(list))                                                                     \
            return out_of_memory();                                                                \
        (list)->items[(list)->count++] = __VA_ARGS__;                                              \
    } while (0)

/* --- reading -------------------------------------------------------------------------------------- */

/* The operands of an instruction, and how its row becomes one. */
typedef struct {
    const int32_t *refs;
    int32_t count, each;
    const Form *form;
} Operation;

INLINE Operation
operation_at(const Lowering *low, int32_t node)
{
    const int32_t *code = low->from.code + low->at[node - low->from.leaves];
    const Form *form = &low->from.rows[code[0]];
    const int32_t each = form->sequences ? (code[1] - form->singles) / form->sequences : 0;
    return (Operation){code + 2, code[1], each, form};
}

/* Return the first operand that is an edge: a choice compares the first two. */
INLINE int32_t
first_edge(const Form *form)
{
    return form->aside;
}

static int
ref_fits(const Lowering *low, int32_t ref, int32_t nodes)
{
    return ref < 0 ? ~ref < low->from.constant_count : ref < nodes;
}

/* Find where the instructions are, and check that they are well-formed. */
static int
read_code(Lowering *low)
{
    const Recording *from = &low->from;
    int32_t nodes = from->leaves;
    for (Py_ssize_t at = 0; at < from->code_count; nodes++) {
        const int32_t *code = from->code + at;
        const Py_ssize_t rest = from->code_count - at - 2;
        if (rest < 0 || code[0] < 0 || code[0] >= from->row_count || code[1] < 0 || code[1] > rest)
            return malformed("an instruction has no row or no operands");
        const Form *form = &from->rows[code[0]];
        const int32_t many = code[1] - form->singles;
        if (form->sequences ? many < 0 || many % form->sequences : many)
            return malformed("an instruction has another number of operands than its row");
        for (int32_t i = 0; i < code[1]; i++)
            if (!ref_fits(low, code[2 + i], nodes))
                return malformed("an operand is not older than its instruction");
        low->at[nodes - from->leaves] = (int32_t)at;
        at += 2 + code[1];
    }
    low->nodes = nodes;
    return 0;
}

static int
check_refs(const Lowering *low)
{
    const Recording *from = &low->from;
    for (Py_ssize_t i = 0; i < from->output_count; i++)
        if (!ref_fits(low, from->outputs[i], low->nodes))
            return malformed("an output is no node");
    for (Py_ssize_t i = 0; i < from->root_count; i++)
        if (!ref_fits(low, from->roots[i], low->nodes))
            return malformed("a root is no node");
    for (Py_ssize_t i = 0; i < from->wrt_count; i++)
        if (from->wrt[i] < 0 || from->wrt[i] >= from->inputs)
            return malformed("a derivative is not by an input");
    for (int32_t i = 0; i < from->leaves; i++)
        if (from->places[i] < 0)
            return malformed("a leaf has no place");
    const int32_t instructions = low->nodes - from->leaves;
    for (Py_ssize_t i = 0; i < from->guard_count; i++) {
        const int32_t *guard = from->guards + 5 * i;
        if (guard[0] < (i ? guard[-5] : 0) || guard[0] > instructions || guard[1] < 0 || guard[1] > 3
            || !ref_fits(low, guard[2], from->leaves + guard[0])
            || !ref_fits(low, guard[3], from->leaves + guard[0]) || (guard[4] & ~1))
            return malformed("a guard");
    }
    return 0;
}

/* --- what is known of each node ------------------------------------------------------------------- */

static int
varies(const Lowering *low, int32_t ref)
{
    return ref >= 0 && low->flags[ref] & VARIES;
}

/* Mark what depends on inputs, and what has an adjoint: what depends on the inputs of the
   derivatives, or on the parameters. */
static void
mark_dependence(Lowering *low)
{
    const Recording *from = &low->from;
    for (int32_t i = 0; i < from->leaves; i++)
        low->flags[i] = i < from->inputs ? VARIES : from->sums ? NEEDED : 0;
    for (Py_ssize_t i = 0; i < from->wrt_count; i++)
        low->flags[from->wrt[i]] |= NEEDED;
    for (int32_t node = from->leaves; node < low->nodes; node++) {
        const Operation operation = operation_at(low, node);
        const int32_t edges = first_edge(operation.form);
        uint8_t flags = 0;
        for (int32_t i = 0; i < operation.count; i++)
            if (operation.refs[i] >= 0)
                flags |= low->flags[operation.refs[i]] & (i < edges ? VARIES : VARIES | NEEDED);
        low->flags[node] = flags;
    }
}

/* Mark what is covered: in the same code, an operation that passes on what is not finite uses it. */
static void
mark_covered(Lowering *low)
{
    for (int32_t node = low->from.leaves; node < low->nodes; node++) {
        const Operation operation = operation_at(low, node);
        const Form *form = operation.form;
        const int32_t ends = form->sequences * operation.each;
        for (int32_t i = 0; i < operation.count; i++) {
            const int32_t ref = operation.refs[i];
            const int part = i < ends ? i / operation.each : form->sequences + i - ends;
            if (ref >= 0 && form->passing >> part & 1
                && !((low->flags[ref] ^ low->flags[node]) & VARIES))
                low->flags[ref] |= COVERED;
        }
    }
}

/* Put the nodes that a root depends on in the order of the eager engine's walk. */
static int
walk_back(Lowering *low, int32_t root)
{
    const int32_t leaves = low->from.leaves;
    low->order.count = low->path.count = 0;
    if (root < leaves)
        return 0;
    low->flags[root] |= VISITED;
    int32_t node = root;
    Operation operation = operation_at(low, node);
    int32_t next = first_edge(operation.form);
    while (1) {
        while (next < operation.count) {
            const int32_t ref = operation.refs[next++];
            if (ref < leaves || low->flags[ref] & VISITED)
                continue;
            low->flags[ref] |= VISITED;
            if (CANNOT_GROW(&low->path))
                return out_of_memory();
            low->path.items[low->path.count].node = node;
            low->path.items[low->path.count++].next = next;
            node = ref;
            operation = operation_at(low, node);
            next = first_edge(operation.form);
        }
        PUSH(&low->order, node);
        if (!low->path.count)
            return 0;
        low->path.count--;
        node = low->path.items[low->path.count].node;
        next = low->path.items[low->path.count].next;
        operation = operation_at(low, node);
    }
}

static void
pin(Lowering *low, int32_t ref)
{
    if (ref >= 0)
        low->flags[ref] |= PINNED;
}

/* Pin what is read after the way forward, and find the last instruction that reads each other node. */
static int
find_lives(Lowering *low)
{
    const Recording *from = &low->from;
    for (Py_ssize_t i = 0; i < from->output_count; i++)
        pin(low, from->outputs[i]);
    for (Py_ssize_t i = 0; i < from->root_count; i++) {
        const int32_t root = from->roots[i];
        pin(low, root);
        if (root < 0 || low->flags[root] & VISITED)
            continue;
        if (walk_back(low, root) < 0)
            return -1;
        for (size_t k = 0; k < low->order.count; k++) {
            const int32_t node = low->order.items[k];
            if (!(low->flags[node] & NEEDED))
                continue;
            pin(low, node);
            const Operation operation = operation_at(low, node);
            for (int32_t j = 0; j < operation.count; j++)
                pin(low, operation.refs[j]);
        }
    }
    for (int32_t node = from->leaves; node < low->nodes; node++) {
        const Operation operation = operation_at(low, node);
        for (int32_t i = 0; i < operation.count; i++)
            if (operation.refs[i] >= 0)
                low->last[operation.refs[i]] = node;
    }
    for (Py_ssize_t i = 0; i < from->guard_count; i++)
        for (int k = 2; k < 4; k++) {
            /* It is read before the instruction after it, so a slot that this frees is not too late. */
            const int32_t ref = from->guards[5 * i + k], node = from->leaves + from->guards[5 * i];
            if (ref >= 0 && low->last[ref] < node)
                low->last[ref] = node;
        }
    return 0;
}
