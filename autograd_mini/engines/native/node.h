/* A node of the graph: its data, and how it is made and freed. */

typedef struct Operands {
    Py_ssize_t count;
    Operand items[];
} Operands;

/* A Value. Python's cyclic garbage collector need not see it, since it is in no cycle: a node refers
   to operands older than itself, and nothing changes its operands. A name is a plain str, which
   refers to nothing. Only a row of a user can refer to its own nodes, and then keeps them alive. */
typedef struct Node {
    PyObject_HEAD
    double data;
    double grad;           /* during a backward pass, the sum so far */
    Operand operands[2];   /* in a node of many operands, the first refers to all of them; in one of
                              OP_CUSTOM, the second owns a reference to the row */
    uint64_t mark : 53;    /* the number of the last backward pass that visited this node */
    uint64_t op : 8;       /* an Op */
    uint64_t has_grad : 1; /* if 0, no gradient was ever stored, and grad is 0.0 */
    uint64_t had_grad : 1; /* has_grad before that pass */
    uint64_t has_name : 1; /* if 1, the name is in `names` */
} Node;

/* The rows of the table of primitives; rows of many operands stand last. OP_CUSTOM is every row that
   a user defined at run time. Its nodes have an array of operands too, however few these are. */
#define OP(NAME, ...) OP_##NAME,
typedef enum {
    LEAF,
    UNARY_ROWS(OP)
    UNARY_END,
    BINARY_ROWS(OP)
    BINARY_END,
    MANY_ROWS(OP)
    OP_CUSTOM,
    OP_COUNT
} Op;

static_assert(OP_COUNT <= 256, "an Op has 8 bits in a node");

static PyTypeObject *value_type; /* the type of every node: it cannot be subclassed */
static PyObject *names;          /* dict: the address of a node -> its name */

#define IS_VALUE(object) Py_IS_TYPE(object, value_type)

#include "memory.h"

/* The number of passes so far. */
static uint64_t passes;

/* The recordings of all threads; see recording.h. */
static struct Recorder *recorders;

static int record_node(Node *node);

/* Return a node; the caller must write its operands and data, before any Python code can run. */
INLINE Node *
node_new(Op op)
{
    Node *node = node_allocate();
    if (!node)
        return NULL;
    if (recorders && op != LEAF && record_node(node) < 0)
        return NULL;
    node->grad = 0.0;
    node->mark = 0;
    node->op = op;
    node->has_grad = node->had_grad = node->has_name = 0;
    return node;
}

/* A leaf has its birth, the number of leaves that were made before it, where other nodes have the
   number of their first operand; an argument of a transform that was made from a Value, an identity,
   has that of its second operand for this. The lowest bit says whether its `.data` was read. */
static uint64_t leaves_made;

enum { READ = 1 };

static inline void
give_birth(Node *leaf)
{
    leaf->operands[0].birth = leaves_made++ << 1;
}

/* Note that the number of a Value was read, after which its derivative may be lost. */
static inline void
note_reading(Node *node)
{
    if (node->op == LEAF)
        node->operands[0].birth |= READ;
    else if (node->op == OP_identity)
        node->operands[1].birth |= READ;
}

static inline int
has_many(const Node *node)
{
    return node->op > BINARY_END;
}

/* Return the operands as an array, and their number; an absent operand looks like a constant. */
static inline Operand *
operands_of(Node *node, Py_ssize_t *count)
{
    if (has_many(node)) {
        *count = node->operands[0].many->count;
        return node->operands[0].many->items;
    }
    *count = 2;
    return node->operands;
}

static PyObject *
name_key(Node *node)
{
    return PyLong_FromVoidPtr(node);
}

/* Forget the name. This fails only if memory has run out; a later node overwrites the entry then. */
static void
drop_name(Node *node)
{
    PyObject *raised = PyErr_GetRaisedException();
    node->has_name = 0;
    PyObject *key = name_key(node);
    if (!key || PyDict_DelItem(names, key) < 0)
        PyErr_Clear();
    Py_XDECREF(key);
    PyErr_SetRaisedException(raised);
}

static void
node_free(Node *node)
{
    PyObject *row = node->op == OP_CUSTOM ? node->operands[1].row : NULL;
    if (has_many(node))
        operands_release(node->operands[0].many);
    if (node->has_name)
        drop_name(node);
    node_release(node);
    if (row) { /* last, as any Python code may run if this frees the row */
        PyObject *raised = PyErr_GetRaisedException();
        Py_DECREF(row);
        PyErr_SetRaisedException(raised);
    }
}

/* Nodes whose last reference is gone; each has the address of the next in place of its gradient. */
static Node *doomed;

static inline void
doom(Node *node)
{
    memcpy(&node->grad, &doomed, sizeof doomed);
    doomed = node;
}

/* Release a node's reference to an operand. */
static inline void
operand_release(Node *operand)
{
#if !defined(Py_REF_DEBUG) && !defined(Py_TRACE_REFS)
    if (Py_REFCNT((PyObject *)operand) == 1) { /* as Py_DECREF, but without its calls */
        doom(operand);
        return;
    }
#endif
    Py_DECREF((PyObject *)operand);
}

/* Free a node, and the nodes that only it kept alive. The outermost call frees them one after the
   other; an inner call only adds to the list, so a deep graph needs no deep recursion. */
static void
node_dealloc(PyObject *self)
{
    static int busy;
    if (!IS_VALUE(self)) { /* someone made a subclass by a trick, and an object of it */
        Py_TYPE(self)->tp_free(self);
        return;
    }
    doom((Node *)self);
    if (busy)
        return;
    busy = 1;
    while (doomed) {
        Node *node = doomed;
        memcpy(&doomed, &node->grad, sizeof doomed);
        Py_ssize_t count;
        Operand *operands = operands_of(node, &count);
        for (Py_ssize_t i = 0; i < count; i++)
            if (operands[i].value)
                operand_release(operands[i].value);
        node_free(node);
    }
    busy = 0;
}
