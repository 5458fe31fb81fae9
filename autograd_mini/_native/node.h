/* A node of the graph: what it holds, how it is made and how it is freed. */

/* An operand of a node. A Value comes with the local partial derivative of the node with respect to
   it; without a Value, the number is a constant that was an operand. */
typedef struct {
    struct Node *value;
    union {
        double number;
        struct Operands *many; /* of a node of many operands, in its x */
    };
} Operand;

typedef struct Operands {
    Py_ssize_t count;
    Operand items[];
} Operands;

/* A Value. It is no container for Python's cyclic garbage collector, since a cycle cannot come
   about: a node refers to operands older than itself, and nothing ever changes an operand. A name
   is a plain str, which refers to nothing. */
typedef struct Node {
    PyObject_HEAD
    double data;
    double grad;
    double adjoint;     /* what the latest backward pass that came by has added up */
    Operand x, y;       /* of one or two operands; at the address of x, an array of two */
    uint64_t mark : 54; /* the number of that backward pass */
    uint64_t op : 8;    /* an Op */
    uint64_t has_grad : 1;
    uint64_t has_name : 1; /* the name itself is in `names` */
} Node;

static_assert(offsetof(Node, y) == offsetof(Node, x) + sizeof(Operand), "x and y are an array");

/* The rows of the table of primitives, those of many operands last. */
#define OP(NAME, ...) OP_##NAME,
typedef enum {
    LEAF,
    UNARY_ROWS(OP)
    UNARY_END,
    BINARY_ROWS(OP)
    BINARY_END,
    SUM_ROWS(OP)
    DOT_ROWS(OP)
    OP_COUNT
} Op;

static_assert(OP_COUNT <= 256, "an Op has 8 bits in a node");

static PyTypeObject *value_type; /* the one that every node has: it cannot be subclassed */
static PyObject *names;          /* dict: the address of a node -> its name */

#define IS_VALUE(object) Py_IS_TYPE(object, value_type)

/* Freed nodes are kept for reuse, 10 MB of them at most, linked by the Value of their x. A tool
   that watches memory sees more without that. */
#if defined(Py_DEBUG) || defined(Py_TRACE_REFS) || defined(AUTOGRAD_MINI_NO_FREE_LIST)
#define FREE_LIMIT 0
#else
#define FREE_LIMIT (1 << 17)
#endif
static Node *free_nodes;
static Py_ssize_t free_count;

/* Return a node whose operands and data are still to be written. */
static inline Node *
node_new(Op op)
{
    Node *node = free_nodes;
    if (node) {
        free_nodes = node->x.value;
        free_count--;
        Py_SET_REFCNT((PyObject *)node, 1);
    }
    else {
        node = PyObject_Malloc(sizeof(Node));
        if (!node)
            return (Node *)PyErr_NoMemory();
        PyObject_Init((PyObject *)node, value_type);
    }
    node->mark = 0;
    node->op = op;
    node->has_grad = node->has_name = 0;
    return node;
}

static inline int
has_many(const Node *node)
{
    return node->op > BINARY_END;
}

/* Return the operands as an array, and how many there are; an absent one is a constant. */
static inline Operand *
operands_of(Node *node, Py_ssize_t *count)
{
    if (has_many(node)) {
        *count = node->x.many->count;
        return node->x.many->items;
    }
    *count = 2;
    return &node->x;
}

static PyObject *
name_key(Node *node)
{
    return PyLong_FromVoidPtr(node);
}

/* Forget the name; it may fail only if memory runs out, and then it is overwritten later. */
static void
drop_name(Node *node)
{
    PyObject *raised = PyErr_GetRaisedException();
    PyObject *key = name_key(node);
    if (!key || PyDict_DelItem(names, key) < 0)
        PyErr_Clear();
    Py_XDECREF(key);
    PyErr_SetRaisedException(raised);
    node->has_name = 0;
}

static void
node_free(Node *node)
{
    if (has_many(node))
        PyMem_Free(node->x.many);
    if (node->has_name)
        drop_name(node);
    if (free_count < FREE_LIMIT) {
        node->x.value = free_nodes;
        free_nodes = node;
        free_count++;
    }
    else {
        PyObject_Free(node);
        Py_DECREF(value_type);
    }
}

/* Free a node and what only it kept alive. The outermost call frees all of them, one after the
   other; the calls that its own Py_DECREFs lead to only put nodes on the list, so the depth of a
   graph never becomes a depth of calls. */
static void
node_dealloc(PyObject *self)
{
    static Node *doomed; /* linked by the adjoint's place, which nothing needs any more */
    static int busy;
    Node *node = (Node *)self;
    memcpy(&node->adjoint, &doomed, sizeof doomed);
    doomed = node;
    if (busy)
        return;
    busy = 1;
    while (doomed) {
        node = doomed;
        memcpy(&doomed, &node->adjoint, sizeof doomed);
        Py_ssize_t count;
        Operand *operands = operands_of(node, &count);
        for (Py_ssize_t i = 0; i < count; i++)
            Py_XDECREF(operands[i].value);
        node_free(node);
    }
    busy = 0;
}
