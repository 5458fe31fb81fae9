/* The backward pass: the chain rule in reverse topological order.

   From its first line to its last no Python code runs, so no other thread and no signal handler
   comes between: a pass is done whole or not at all. */

typedef struct {
    Node **items;
    size_t count, capacity;
} Nodes;

/* A node on the way from the root to where the walk is, and which operand comes next there. */
typedef struct {
    Node *node;
    Py_ssize_t next;
} Place;

typedef struct {
    Place *items;
    size_t count, capacity;
} Path;

/* Make room for one more item in `Nodes` or a `Path`; true if there is none. */
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

/* Kept from one pass to the next, unless a large graph has made them large. */
static Nodes nodes, leaves;
static Path path;
enum { KEPT_CAPACITY = 1 << 16 };

static void
release_lists(void)
{
    nodes.count = leaves.count = path.count = 0;
    if (nodes.capacity + leaves.capacity + path.capacity > KEPT_CAPACITY) {
        PyMem_RawFree(nodes.items);
        PyMem_RawFree(leaves.items);
        PyMem_RawFree(path.items);
        nodes = leaves = (Nodes){NULL, 0, 0};
        path = (Path){NULL, 0, 0};
    }
}

/* Put the computed nodes that the root depends on in `nodes`, operands first, and the leaves in
   `leaves`, all marked and with adjoints of zero. It is a depth-first walk, in the order of the
   operands; leaves never enter the path. Returns 0 if memory runs out. */
static int
mark(Node *root)
{
    static uint64_t passes;
    const uint64_t pass = ++passes;
    root->mark = pass;
    root->adjoint = 0.0;
    if (root->op == LEAF) {
        if (CANNOT_GROW(&leaves))
            return 0;
        leaves.items[leaves.count++] = root;
        return 1;
    }
    Node *node = root;
    Py_ssize_t next = 0;
    while (1) {
        Py_ssize_t count;
        Operand *operands = operands_of(node, &count);
        while (next < count) {
            Node *operand = operands[next++].value;
            if (!operand || operand->mark == pass)
                continue;
            operand->mark = pass;
            operand->adjoint = 0.0;
            if (operand->op == LEAF) {
                if (CANNOT_GROW(&leaves))
                    return 0;
                leaves.items[leaves.count++] = operand;
                continue;
            }
            if (CANNOT_GROW(&path))
                return 0;
            path.items[path.count++] = (Place){node, next};
            node = operand;
            next = 0;
            operands = operands_of(node, &count);
        }
        if (CANNOT_GROW(&nodes))
            return 0;
        nodes.items[nodes.count++] = node;
        if (!path.count)
            return 1;
        path.count--;
        node = path.items[path.count].node;
        next = path.items[path.count].next;
    }
}

/* Add up the adjoints. Returns whether the gradients of all leaves will be finite. */
static int
sweep(Node *root, double seed)
{
    root->adjoint = seed;
    for (size_t i = nodes.count; i-- > 0;) {
        Node *node = nodes.items[i];
        const double adjoint = node->adjoint;
        Py_ssize_t count;
        Operand *operands = operands_of(node, &count);
        for (Py_ssize_t j = 0; j < count; j++)
            if (operands[j].value)
                operands[j].value->adjoint += adjoint * operands[j].number;
    }
    int finite = 1;
    for (size_t i = 0; i < leaves.count; i++) {
        Node *leaf = leaves.items[i];
        leaf->adjoint += leaf->has_grad ? leaf->grad : 0.0;
        finite &= isfinite(leaf->adjoint) != 0;
    }
    return finite;
}

static void
store_adjoints(Nodes list)
{
    for (size_t i = 0; i < list.count; i++) {
        list.items[i]->grad = list.items[i]->adjoint;
        list.items[i]->has_grad = 1;
    }
}

/* Fill two lists: with the nodes, and with their adjoints. */
static int
fill_lists(Nodes from, PyObject *values, PyObject *adjoints)
{
    for (size_t i = 0; i < from.count; i++) {
        PyObject *adjoint = PyFloat_FromDouble(from.items[i]->adjoint);
        if (!adjoint)
            return 0;
        PyList_SET_ITEM(values, (Py_ssize_t)i, Py_NewRef((PyObject *)from.items[i]));
        PyList_SET_ITEM(adjoints, (Py_ssize_t)i, adjoint);
    }
    return 1;
}

/* Raise the error for a leaf's gradient that is not finite. What this calls may run any Python
   code, so the lists of the pass are taken out of its reach. */
static void
raise_nonfinite_gradient(void)
{
    Nodes found[] = {nodes, leaves};
    nodes = leaves = (Nodes){NULL, 0, 0};
    PyObject *lists[4];
    int complete = 1;
    for (int i = 0; i < 4; i++)
        complete &= (lists[i] = PyList_New((Py_ssize_t)found[i / 2].count)) != NULL;
    if (complete && fill_lists(found[0], lists[0], lists[1])
        && fill_lists(found[1], lists[2], lists[3]))
        raise_from(PyObject_Vectorcall(nonfinite_gradient, lists, 4, NULL));
    for (int i = 0; i < 4; i++)
        Py_XDECREF(lists[i]);
    PyMem_RawFree(found[0].items);
    PyMem_RawFree(found[1].items);
}

static PyObject *
backward(Node *root, double seed)
{
    PyObject *answer = PyObject_CallNoArgs(strict);
    if (!answer)
        return NULL;
    int is_strict = PyObject_IsTrue(answer);
    Py_DECREF(answer);
    if (is_strict < 0)
        return NULL;

    if (!mark(root)) {
        release_lists();
        return PyErr_NoMemory();
    }
    if (sweep(root, seed) || !is_strict) {
        store_adjoints(nodes);
        store_adjoints(leaves);
        release_lists();
        Py_RETURN_NONE;
    }
    raise_nonfinite_gradient();
    release_lists();
    return NULL;
}
