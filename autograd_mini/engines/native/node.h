/* A node of the graph: what it holds, how it is made and how it is freed. */

/* An operand of a node. A Value comes with the local partial derivative of the node with respect to
   it; without a Value, the number is a constant that was an operand. */
typedef struct {
    struct Node *value;
    union {
        double number;
        struct Operands *many; /* see Node */
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
    double grad;           /* during a backward pass, what it has added up so far */
    Operand operands[2];   /* if there are more, the first refers to all of them */
    uint64_t mark : 53;    /* the number of the latest backward pass that came by */
    uint64_t op : 8;       /* an Op */
    uint64_t has_grad : 1; /* else the gradient was never computed, and is 0.0 */
    uint64_t had_grad : 1; /* the same as it was before that pass */
    uint64_t has_name : 1; /* the name itself is in `names` */
} Node;

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

#include "memory.h"

/* Return a node whose operands and data are still to be written. */
INLINE Node *
node_new(Op op)
{
    Node *node = node_allocate();
    if (!node)
        return NULL;
    node->grad = 0.0;
    node->mark = 0;
    node->op = op;
    node->has_grad = node->had_grad = node->has_name = 0;
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

/* Forget the name; it may fail only if memory runs out, and then it is overwritten later. */
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
    if (has_many(node))
        operands_release(node->operands[0].many);
    if (node->has_name)
        drop_name(node);
    node_release(node);
}

/* Nodes whose last reference is gone, linked by the place of the gradient, which nothing needs any
   more. */
static Node *doomed;

static inline void
doom(Node *node)
{
    memcpy(&node->grad, &doomed, sizeof doomed);
    doomed = node;
}

/* Give up a node's reference to an operand. */
static inline void
operand_release(Node *operand)
{
#if !defined(Py_REF_DEBUG) && !defined(Py_TRACE_REFS)
    if (Py_REFCNT((PyObject *)operand) == 1) { /* what Py_DECREF comes to, without the calls */
        doom(operand);
        return;
    }
#endif
    Py_DECREF((PyObject *)operand);
}

/* Free a node and what only it kept alive. The outermost call frees all of them, one after the
   other; an inner one only adds to the list, so the depth of a graph is no depth of calls. */
static void
node_dealloc(PyObject *self)
{
    static int busy;
    if (!IS_VALUE(self)) { /* of a subclass, made in spite of all that prevents it */
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
