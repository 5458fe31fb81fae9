/* The memory of the nodes, which are kept in slabs of thousands, and of arrays of operands.

   A slab without live nodes starts afresh. So if a graph was freed, the nodes of the next graph lie
   in memory in the order in which they are made, and walks over the graph read memory mostly in
   order. This gains several times as much as a fast allocator: with a list of freed nodes, the order
   would become random after a few graphs.

   Empty slabs are kept for the next graph, since new memory from the system costs more than all
   work that is done in it. A full garbage collection returns them to the system, as it does with
   the free lists of CPython's own types. */

#if defined(Py_DEBUG) || defined(Py_TRACE_REFS) || defined(AUTOGRAD_MINI_PLAIN_MEMORY)

/* Each node has its own block, for the tools that watch the use of memory. */
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

#define SLAB_BYTES ((size_t)1 << 18) /* the address of a slab is a multiple of this */

typedef struct Slab {
    struct Slab *next, *previous; /* its neighbors in its list, if it is in a list */
    Node *freed;                  /* freed nodes, linked by their first operand */
    Node *fresh;                  /* the first node that is unused since the slab started afresh */
    size_t used;                  /* how many nodes are alive */
    void *arena;                  /* the memory that contains the slab */
    Node nodes[];
} Slab;

#define SLAB_NODES ((SLAB_BYTES - sizeof(Slab)) / sizeof(Node))
#define SLAB_OF(node) ((Slab *)((uintptr_t)(node) & ~(uintptr_t)(SLAB_BYTES - 1)))

/* Nodes are taken from the current slab until it is full. Every other slab is in the list of partly
   used slabs, in the list of empty slabs, or full and in no list. */
static Slab *current, *partly_used, *empty;

/* The memory comes from Python's arena allocator, not from malloc. Once large lists were freed, the
   C library's malloc would take slabs from its heap, which it can shorten only at the end. Then one
   small object in the heap could keep the memory of a whole graph. */
static PyObjectArenaAllocator arenas;
#define ARENA_BYTES (2 * SLAB_BYTES) /* large enough for a slab at any address of the arena */

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

/* Replace the current slab, which is full or NULL; return 0 if memory has run out. */
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

/* Return the memory of all empty slabs to the system. */
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

/* Freed arrays of up to this many operands are kept, linked through their first operands. */
enum { KEPT_SIZES = 64 };
static Operands *kept[KEPT_SIZES + 1];
static Py_ssize_t kept_bytes;

static inline Py_ssize_t
operands_bytes(Py_ssize_t count)
{
    return (Py_ssize_t)sizeof(Operands) + count * (Py_ssize_t)sizeof(Operand);
}

/* Return an array for `count` operands. */
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

/* --- lists that grow -------------------------------------------------------------------------- */

/* Make room for one more item in a list; true if memory has run out. */
#define CANNOT_GROW(list)                                                                          \
    ((list)->count == (list)->capacity                                                             \
     && !grow((void **)&(list)->items, &(list)->capacity, sizeof *(list)->items))

static int
grow(void **items, size_t *capacity, size_t size)
{
    size_t larger = *capacity ? *capacity * 2 : 1024;
    void *moved = PyMem_RawRealloc(*items, larger * size);
    if (!moved)
        return 0;
    *items = moved;
    *capacity = larger;
    return 1;
}
