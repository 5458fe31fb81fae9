/* The backward pass: the chain rule in reverse topological order.

   No Python code runs during a pass, so no other thread and no signal handler can interrupt it: a
   pass changes all gradients or none. */

/* A node that the pass visits, and its gradient before the pass. */
typedef struct {
    Node *node;
    double before;
} Visit;

typedef struct {
    Visit *items;
    size_t count, capacity;
} Visits;

/* A node on the path from the root to the current node, and which of its operands comes next. */
typedef struct {
    Node *node;
    Py_ssize_t next;
} Place;

typedef struct {
    Place *items;
    size_t count, capacity;
} Path;

/* These keep their memory from pass to pass, unless a large graph has made them large. */
static Visits nodes, leaves;
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
        nodes = leaves = (Visits){NULL, 0, 0};
        path = (Path){NULL, 0, 0};
    }
}

/* Add a node to a list, and set its gradient to zero, which is a gradient if the pass `stores` what
   it finds; return 0 if memory has run out. */
INLINE int
visit(Visits *list, Node *node, int stores)
{
    if (CANNOT_GROW(list))
        return 0;
    list->items[list->count++] = (Visit){node, node->grad};
    node->grad = 0.0;
    if (stores) {
        node->had_grad = node->has_grad;
        node->has_grad = 1;
    }
    return 1;
}

/* Mark all nodes that the root depends on, and set their gradients to zero. Put the computed nodes
   in `nodes`, operands first, and the leaves in `leaves`. The walk is depth-first, in the order of
   the operands; leaves never enter the path. What has the mark of this pass is left out. Returns 0
   if memory has run out. */
INLINE int
walk(Node *root, uint64_t pass, int stores)
{
    if (root->mark == pass)
        return 1;
    root->mark = pass;
    if (root->op == LEAF)
        return visit(&leaves, root, stores);
    Node *node = root;
    Py_ssize_t next = 0, count;
    Operand *operands = operands_of(node, &count);
    while (1) {
        while (next < count) {
            Node *operand = operands[next++].value;
            if (!operand || operand->mark == pass)
                continue;
            operand->mark = pass;
            if (operand->op == LEAF) {
                if (!visit(&leaves, operand, stores))
                    return 0;
                continue;
            }
            if (CANNOT_GROW(&path))
                return 0;
            path.items[path.count++] = (Place){node, next};
            node = operand;
            next = 0;
            operands = operands_of(node, &count);
        }
        if (!visit(&nodes, node, stores))
            return 0;
        if (!path.count)
            return 1;
        path.count--;
        node = path.items[path.count].node;
        next = path.items[path.count].next;
        operands = operands_of(node, &count);
    }
}

/* Add up the gradients of all nodes, by the chain rule from the gradients of the roots. */
static void
apply_chain_rule(void)
{
    for (size_t i = nodes.count; i-- > 0;) {
        Node *node = nodes.items[i].node;
        const double gradient = node->grad;
        Py_ssize_t count;
        Operand *operands = operands_of(node, &count);
        for (Py_ssize_t j = 0; j < count; j++)
            if (operands[j].value)
                operands[j].value->grad += gradient * operands[j].number;
    }
}

/* Compute the gradients of a pass; return whether the gradients of all leaves are finite. */
static int
sweep(Node *root, double seed)
{
    root->grad = seed;
    apply_chain_rule();
    int finite = 1;
    for (size_t i = 0; i < leaves.count; i++) {
        Visit leaf = leaves.items[i];
        leaf.node->grad = leaf.before + leaf.node->grad;
        finite &= isfinite(leaf.node->grad) != 0;
    }
    return finite;
}

/* Restore the gradients of the nodes in a list, and keep the gradients that the pass found in
   `before`. */
static void
undo(Visits list)
{
    for (size_t i = 0; i < list.count; i++) {
        Visit *visit = &list.items[i];
        const double found = visit->node->grad;
        visit->node->grad = visit->before;
        visit->node->has_grad = visit->node->had_grad;
        visit->before = found;
    }
}

/* Fill two Python lists with the nodes and with the gradients that the pass found. */
static int
fill_lists(Visits undone, PyObject *values, PyObject *gradients)
{
    for (size_t i = 0; i < undone.count; i++) {
        PyObject *gradient = PyFloat_FromDouble(undone.items[i].before);
        if (!gradient)
            return 0;
        PyList_SET_ITEM(values, (Py_ssize_t)i, Py_NewRef((PyObject *)undone.items[i].node));
        PyList_SET_ITEM(gradients, (Py_ssize_t)i, gradient);
    }
    return 1;
}

/* Raise the error for a leaf's gradient that is not finite. The call may run any Python code, also
   another pass, so this one takes its lists away first. */
static void
raise_nonfinite_gradient(void)
{
    Visits undone[] = {nodes, leaves};
    nodes = leaves = (Visits){NULL, 0, 0};
    PyObject *lists[4];
    int complete = 1;
    for (int i = 0; i < 4; i++)
        complete &= (lists[i] = PyList_New((Py_ssize_t)undone[i / 2].count)) != NULL;
    if (complete && fill_lists(undone[0], lists[0], lists[1])
        && fill_lists(undone[1], lists[2], lists[3]))
        raise_from(PyObject_Vectorcall(nonfinite_gradient, lists, 4, NULL));
    for (int i = 0; i < 4; i++)
        Py_XDECREF(lists[i]);
    PyMem_RawFree(undone[0].items);
    PyMem_RawFree(undone[1].items);
}

/* Return whether a gradient that is not finite raises in the current block; -1 is an error. */
static int
ask_strict(void)
{
    PyObject *answer = PyObject_CallNoArgs(strict);
    if (!answer)
        return -1;
    int is_strict = PyObject_IsTrue(answer);
    Py_DECREF(answer);
    return is_strict;
}

static PyObject *
backward(Node *root, double seed)
{
    if (IS_FROZEN(root, calling_backward))
        return NULL;
    int is_strict = ask_strict();
    if (is_strict < 0)
        return NULL;

    const int had_memory = walk(root, ++passes, 1);
    const int done = had_memory && (sweep(root, seed) || !is_strict);
    if (!done) {
        undo(nodes);
        undo(leaves);
        if (had_memory)
            raise_nonfinite_gradient();
        else
            PyErr_NoMemory();
    }
    release_lists();
    return done ? Py_NewRef(Py_None) : NULL;
}
