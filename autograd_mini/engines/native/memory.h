/* The memory of the nodes: slabs of thousands of them. And that of arrays of operands.

   A slab that no node uses any more starts afresh, so the nodes of a graph built after another was
   freed lie in the order in which they are made. Walks over the graph then move through memory
   mostly in order too, which makes several times the difference that a fast allocator makes: with
   a list of freed nodes, the order gets random after a few graphs.

   Empty slabs are kept for the next graph, since memory that is new from the system costs more than
   all that is done with it. A full garbage collection gives them back, as it does with the free
   lists of CPython's own types. */

#if defined(Py_DEBUG) || defined(Py_TRACE_REFS) || defined(AUTOGRAD_MINI_PLAIN_MEMORY)

/* Each node by itself, for the tools that watch the use of memory. */
static Node *
node_allocate(void)
{
    Node *node = PyObject_Malloc(sizeof(Node));
    return node ? (Node *)PyObject_Init((PyObject *)node, value_type)
                : (Node *)PyErr_NoMemory();
}

static void
node_release(Node *node)
{
    PyObject_Free(node);
    Py_DECREF(value_type);
}

static void
release_empty(void)
{
}

enum { MOST_KEPT_BYTES = 0 };

#else

enum { MOST_KEPT_BYTES = 1 << 23 };

#define SLAB_BYTES ((size_t)1 << 18) /* a slab also begins at a multiple of this */

typedef struct Slab {
    struct Slab *next, *previous; /* in the list in which it is, if in one */
    Node *freed;                  /* freed nodes, linked by their first operand */
    Node *fresh;                  /* the first node not used since the slab started afresh */
    size_t used;                  /* how many nodes are alive */
    void *arena;                  /* the memory in which the slab lies */
    Node nodes[];
} Slab;

#define SLAB_NODES ((SLAB_BYTES - sizeof(Slab)) / sizeof(Node))
#define SLAB_OF(node) ((Slab *)((uintptr_t)(node) & ~(uintptr_t)(SLAB_BYTES - 1)))

/* Nodes are taken from the current slab until it is full. Each of the others is full and in no list,
   or partly used, or empty. */
static Slab *current, *partly_used, *empty;

/* The memory comes from where Python takes its own large pieces, not from malloc: once large lists
   were freed, that of the C library would take slabs from a heap that it can shorten only at its
   end, and anything small that lives there would keep the memory of a whole graph. */
static PyObjectArenaAllocator arenas;
#define ARENA_BYTES (2 * SLAB_BYTES) /* whatever its address, a slab lies in it */

static void
slab_link(Slab **list, Slab *slab)
{
    slab->previous = NULL;
    slab->next = *list;
    if (*list)
        (*list)->previous = slab;
    *list = slab;
}

static void
slab_unlink(Slab **list, Slab *slab)
{
    if (slab->previous)
        slab->previous->next = slab->next;
    else
        *list = slab->next;
    if (slab->next)
        slab->next->previous = slab->previous;
}

/* Make another slab the current one, which is full or NULL; return whether there is memory. */
static int
next_slab(void)
{
    Slab *slab = empty ? empty : partly_used;
    if (slab)
        slab_unlink(slab == empty ? &empty : &partly_used, slab);
    else {
        if (!arenas.alloc)
            PyObject_GetArenaAllocator(&arenas);
        void *arena = arenas.alloc(arenas.ctx, ARENA_BYTES);
        if (!arena)
            return 0;
        slab = SLAB_OF((char *)arena + SLAB_BYTES - 1);
        PyTraceMalloc_Track(0, (uintptr_t)slab, SLAB_BYTES);
        *slab = (Slab){.fresh = slab->nodes, .arena = arena};
    }
    current = slab;
    return 1;
}

INLINE Node *
node_allocate(void)
{
    if ((!current || current->used == SLAB_NODES) && !next_slab())
        return (Node *)PyErr_NoMemory();
    Node *node = current->freed;
    if (node)
        current->freed = node->operands[0].value;
    else
        node = current->fresh++;
    current->used++;
    memset(node, 0, sizeof(PyObject)); /* CPython 3.14 has flags beside the reference count */
    Py_SET_TYPE((PyObject *)node, value_type);
    Py_SET_REFCNT((PyObject *)node, 1);
    return node;
}

/* Start an unused slab afresh. */
static void
slab_emptied(Slab *slab)
{
    slab->freed = NULL;
    slab->fresh = slab->nodes;
    if (slab == current)
        return;
    slab_unlink(&partly_used, slab);
    slab_link(&empty, slab);
}

/* Give the memory of all empty slabs back. */
static void
release_empty(void)
{
    while (empty) {
        Slab *slab = empty;
        slab_unlink(&empty, slab);
        PyTraceMalloc_Untrack(0, (uintptr_t)slab);
        arenas.free(arenas.ctx, slab->arena, ARENA_BYTES);
    }
}

static inline void
node_release(Node *node)
{
    Slab *slab = SLAB_OF(node);
    node->operands[0].value = slab->freed;
    slab->freed = node;
    if (--slab->used == 0)
        slab_emptied(slab);
    else if (slab->used == SLAB_NODES - 1 && slab != current)
        slab_link(&partly_used, slab);
}

#endif

/* Freed arrays of up to this many operands are kept, linked by the place of the first. */
enum { KEPT_SIZES = 64 };
static Operands *kept[KEPT_SIZES + 1];
static Py_ssize_t kept_bytes;

static inline Py_ssize_t
operands_bytes(Py_ssize_t count)
{
    return (Py_ssize_t)sizeof(Operands) + count * (Py_ssize_t)sizeof(Operand);
}

/* Return an array for so many operands. */
static inline Operands *
operands_allocate(Py_ssize_t count)
{
    Operands *operands;
    if (count > (PY_SSIZE_T_MAX - (Py_ssize_t)sizeof(Operands)) / (Py_ssize_t)sizeof(Operand))
        return (Operands *)PyErr_NoMemory();
    if (count <= KEPT_SIZES && kept[count]) {
        operands = kept[count];
        memcpy(&kept[count], operands->items, sizeof kept[count]);
        kept_bytes -= operands_bytes(count);
        return operands;
    }
    operands = PyMem_Malloc((size_t)operands_bytes(count));
    if (!operands)
        return (Operands *)PyErr_NoMemory();
    operands->count = count;
    return operands;
}

static inline void
operands_release(Operands *operands)
{
    Py_ssize_t count = operands->count;
    if (count <= KEPT_SIZES && count > 0 && kept_bytes < MOST_KEPT_BYTES) {
        memcpy(operands->items, &kept[count], sizeof kept[count]);
        kept[count] = operands;
        kept_bytes += operands_bytes(count);
    }
    else
        PyMem_Free(operands);
}
