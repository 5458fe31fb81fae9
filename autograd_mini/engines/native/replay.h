/* The type `Replay`: the programs of the paths of a function, and their runs over many samples.

   `autograd_mini.programs.replay` has the same in Python. */

enum { MOST_WORKSPACES = 8 };
static const size_t MOST_BLOCK_BYTES = (size_t)1 << 28; /* larger programs run a lane at a time */

typedef struct {
    PyObject_HEAD
    int sums, runs;
    size_t count, capacity;   /* of paths */
    Program *programs;
    int32_t **forks;
    int32_t *order;
    Workspace *spaces;        /* that no run uses */
    int space_count;
    size_t slots, adjoints, uniforms, sites, guards; /* the most that a program has */
    int32_t columns, numbers;
} Replay;

static PyTypeObject *replay_type;

/* --- workspaces --------------------------------------------------------------------------------- */

static void
workspace_free(Workspace *space)
{
    PyMem_RawFree(space->memory);
    PyMem_RawFree(space);
}

static void
drop_workspaces(Replay *self)
{
    while (self->spaces) {
        Workspace *space = self->spaces;
        self->spaces = space->next;
        workspace_free(space);
    }
    self->space_count = 0;
}

/* Return how many lanes a run of so many samples should have. */
static size_t
lanes_for(const Replay *self, Py_ssize_t samples)
{
    const size_t most = MOST_BLOCK_BYTES / BLOCK / sizeof(double);
    return samples >= FEWEST && self->slots + self->adjoints <= most ? BLOCK : 1;
}

static Workspace *
take_workspace(Replay *self, size_t lanes)
{
    Workspace *space = self->spaces;
    if (space) {
        self->spaces = space->next;
        self->space_count--;
        if (space->lanes >= lanes)
            return space;
        workspace_free(space);
    }
    space = PyMem_RawCalloc(1, sizeof *space);
    const size_t line = 64 / sizeof(double); /* each array begins with a line of the cache */
    const size_t sizes[] = {self->slots * lanes, self->adjoints * lanes, lanes, lanes,
                            self->uniforms,      self->uniforms,         self->sites * PARTS};
    double **arrays[] = {&space->L, &space->A, &space->F, &space->D, &space->U, &space->V, &space->S};
    size_t doubles = line;
    for (int i = 0; i < 7; i++)
        doubles += (sizes[i] / line + 1) * line;
    if (space && !(space->memory = PyMem_RawMalloc(doubles * sizeof(double)))) {
        PyMem_RawFree(space);
        space = NULL;
    }
    if (!space)
        return (Workspace *)PyErr_NoMemory();
    space->lanes = lanes;
    double *next = (double *)(((uintptr_t)space->memory + 63) & ~(uintptr_t)63);
    for (int i = 0; i < 7; i++) {
        *arrays[i] = next;
        next += (sizes[i] / line + 1) * line;
    }
    return space;
}

static void
return_workspace(Replay *self, Workspace *space)
{
    if (self->space_count == MOST_WORKSPACES) {
        workspace_free(space);
        return;
    }
    space->next = self->spaces;
    self->spaces = space;
    self->space_count++;
}

/* --- add and arrange ------------------------------------------------------------------------------- */

static void
replay_dealloc(PyObject *object)
{
    Replay *self = (Replay *)object;
    drop_workspaces(self);
    for (size_t i = 0; i < self->count; i++) {
        program_release(&self->programs[i]);
        PyMem_RawFree(self->forks[i]);
    }
    PyMem_RawFree(self->programs);
    PyMem_RawFree(self->forks);
    PyMem_RawFree(self->order);
    PyTypeObject *type = Py_TYPE(object);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *
replay_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    int sums;
    char *argument_names[] = {"sums", NULL};
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "p:Replay", argument_names, &sums))
        return NULL;
    Replay *self = (Replay *)type->tp_alloc(type, 0);
    if (self)
        self->sums = sums;
    return (PyObject *)self;
}

/* Find the form of a row: of the table, or a choice; a row of another kind raises LookupError.
   A user's row may have the name of a choice. */
static int
find_form(PyObject *row, Form *form)
{
    for (int op = 1; op < OP_CUSTOM; op++)
        if (primitives[op] == row) {
            *form = forms[op];
            if (row_names[op] && form->sequences + form->singles)
                return 0;
        }
    static const char *const choices[] = {
#define CHOICE_NAME(NAME, SIGN) "choice_" #NAME,
        COMPARISON_ROWS(CHOICE_NAME)
    };
    PyObject *name = PyObject_GetAttrString(row, "name");
    if (!name)
        return -1;
    const int is_choice = !strcmp(Py_TYPE(row)->tp_name, "Choice") && PyUnicode_Check(name);
    if (is_choice && PyUnicode_EqualToUTF8(name, "held")) {
        *form = forms[OP_identity];
        form->aside = 1;
        Py_DECREF(name);
        return 0;
    }
    for (int i = 0; is_choice && i < 6; i++)
        if (PyUnicode_EqualToUTF8(name, choices[i])) {
            *form = (Form){CHOICE, CHOICE_lt + i, 0, 4, 0, 2};
            Py_DECREF(name);
            return 0;
        }
    PyErr_Format(PyExc_LookupError, "no instruction computes the row %R", name);
    Py_DECREF(name);
    return -1;
}

/* Read a list of ints of 32 bits. */
static int32_t *
read_ints(PyObject *list, Py_ssize_t *count)
{
    PyObject *items = PySequence_Fast(list, "numbers of nodes must be in a sequence");
    if (!items)
        return NULL;
    *count = PySequence_Fast_GET_SIZE(items);
    int32_t *numbers = PyMem_RawMalloc(((size_t)*count + 1) * sizeof *numbers);
    if (!numbers)
        PyErr_NoMemory();
    for (Py_ssize_t i = 0; numbers && i < *count; i++) {
        const long long item = PyLong_AsLongLong(PySequence_Fast_GET_ITEM(items, i));
        if (item < INT32_MIN || item > INT32_MAX || PyErr_Occurred()) {
            if (!PyErr_Occurred())
                too_large();
            PyMem_RawFree(numbers);
            numbers = NULL;
            break;
        }
        numbers[i] = (int32_t)item;
    }
    Py_DECREF(items);
    return numbers;
}

/* Make room for one more path. */
static int
make_room(Replay *self)
{
    if (self->count < self->capacity)
        return 0;
    if (self->count >= INT32_MAX / 2)
        return too_large();
    const size_t larger = self->capacity ? 2 * self->capacity : 4;
#define RESIZE(array)                                                                              \
    {                                                                                              \
        void *moved = PyMem_RawRealloc(self->array, larger * sizeof *self->array);                 \
        if (!moved)                                                                                \
            return out_of_memory();                                                                \
        self->array = moved;                                                                       \
    }
    RESIZE(programs)
    RESIZE(forks)
    RESIZE(order)
#undef RESIZE
    self->capacity = larger;
    return 0;
}

static void
keep_most(size_t *most, size_t count)
{
    if (*most < count)
        *most = count;
}

static int
add_program(Replay *self, Recording from)
{
    if (make_room(self) < 0)
        return -1;
    int32_t *forks = PyMem_RawMalloc(((size_t)from.guard_count + 1) * sizeof *forks);
    if (!forks)
        return out_of_memory();
    Program *program = &self->programs[self->count];
    if (lower(from, program) < 0) {
        PyMem_RawFree(forks);
        return -1;
    }
    memset(forks, -1, (size_t)from.guard_count * sizeof *forks);
    self->forks[self->count] = forks;
    self->order[self->count] = (int32_t)self->count;
    self->count++;
    drop_workspaces(self);
    keep_most(&self->slots, (size_t)program->slots);
    keep_most(&self->adjoints, (size_t)program->adjoints);
    keep_most(&self->uniforms, (size_t)program->uniforms);
    keep_most(&self->sites, program->sites.count);
    keep_most(&self->guards, (size_t)program->guard_count);
    if (self->columns < program->columns)
        self->columns = program->columns;
    if (self->numbers < program->numbers)
        self->numbers = program->numbers;
    return 0;
}

static int
is_busy(const Replay *self)
{
    if (self->runs)
        PyErr_SetString(PyExc_RuntimeError, "a Replay must not change while it runs");
    return self->runs;
}

/* The address of an empty buffer means nothing. */
static int
is_aligned(const Py_buffer *buffer, size_t size)
{
    return !buffer->len || (uintptr_t)buffer->buf % size == 0;
}

/* Return whether each root depends on what it is differentiated by. */
static PyObject *
list_differentiable(const Program *program)
{
    PyObject *list = PyList_New((Py_ssize_t)program->roots.count);
    for (size_t i = 0; list && i < program->roots.count; i++) {
        const Root root = program->roots.items[i];
        PyList_SET_ITEM(list, (Py_ssize_t)i, PyBool_FromLong(root.adjoint >= 0 || root.site >= 0));
    }
    return list;
}

/* add(rows, code, constants, guards, inputs, leaves, places, outputs, roots, wrt) */
static PyObject *
replay_add(PyObject *object, PyObject *arguments)
{
    Replay *self = (Replay *)object;
    PyObject *rows, *lists[4];
    Py_buffer code, constants, guards;
    int inputs, leaves;
    if (!PyArg_ParseTuple(arguments, "O!y*y*y*iiOOOO:add", &PyTuple_Type, &rows, &code, &constants,
                          &guards, &inputs, &leaves, &lists[0], &lists[1], &lists[2], &lists[3]))
        return NULL;
    int32_t *numbers[4] = {NULL};
    Py_ssize_t counts[4];
    const Py_ssize_t row_count = PyTuple_GET_SIZE(rows);
    Form *found = PyMem_RawMalloc(((size_t)row_count + 1) * sizeof *found);
    int failed = !found ? out_of_memory() : -is_busy(self);
    for (Py_ssize_t i = 0; !failed && i < row_count; i++)
        failed = find_form(PyTuple_GET_ITEM(rows, i), &found[i]);
    for (int i = 0; !failed && i < 4; i++)
        failed = (numbers[i] = read_ints(lists[i], &counts[i])) ? 0 : -1;
    if (!failed) {
        const Recording from = {
            .code = code.buf, .guards = guards.buf, .constants = constants.buf, .rows = found,
            .places = numbers[0], .outputs = numbers[1], .roots = numbers[2], .wrt = numbers[3],
            .code_count = code.len / (Py_ssize_t)sizeof(int32_t),
            .guard_count = guards.len / (5 * (Py_ssize_t)sizeof(int32_t)),
            .constant_count = constants.len / (Py_ssize_t)sizeof(double),
            .output_count = counts[1], .root_count = counts[2], .wrt_count = counts[3],
            .row_count = row_count, .inputs = inputs, .leaves = leaves, .sums = self->sums,
        };
        if (!is_aligned(&code, sizeof(int32_t)) || !is_aligned(&guards, sizeof(int32_t))
            || !is_aligned(&constants, sizeof(double)))
            failed = malformed("its numbers are not aligned in memory");
        else if (inputs < 0 || leaves < inputs || counts[0] != leaves)
            failed = malformed("each leaf must have a place");
        else if (self->sums && (counts[2] != 1 || counts[3]))
            failed = malformed("sums are those of one root");
        else
            failed = add_program(self, from);
    }
    for (int i = 0; i < 4; i++)
        PyMem_RawFree(numbers[i]);
    PyMem_RawFree(found);
    PyBuffer_Release(&code);
    PyBuffer_Release(&constants);
    PyBuffer_Release(&guards);
    return failed ? NULL : list_differentiable(&self->programs[self->count - 1]);
}

/* Return the next path of a fork in `(path, guard, next path)`. */
static int
read_fork(const Replay *self, PyObject *fork, int32_t **place, int *next)
{
    int path, guard;
    if (!PyTuple_Check(fork)) {
        PyErr_SetString(PyExc_TypeError, "a fork must be a tuple (path, guard, next path)");
        return -1;
    }
    if (!PyArg_ParseTuple(fork, "iii", &path, &guard, next))
        return -1;
    if (path < 0 || *next < 0 || (size_t)path >= self->count || (size_t)*next >= self->count
        || guard < 0 || guard >= self->programs[path].guard_count) {
        PyErr_Format(PyExc_ValueError, "a fork must be between paths, got %R", fork);
        return -1;
    }
    *place = &self->forks[path][guard];
    return 0;
}

static PyObject *
replay_arrange(PyObject *object, PyObject *arguments)
{
    Replay *self = (Replay *)object;
    PyObject *order, *forks;
    if (!PyArg_ParseTuple(arguments, "OO!:arrange", &order, &PyList_Type, &forks) || is_busy(self))
        return NULL;
    Py_ssize_t count;
    int32_t *numbers = read_ints(order, &count);
    if (!numbers)
        return NULL;
    uint8_t *found = PyMem_RawCalloc(self->count + 1, 1);
    int fits = found && (size_t)count == self->count;
    for (Py_ssize_t i = 0; fits && i < count; i++)
        fits = numbers[i] >= 0 && numbers[i] < count && !found[numbers[i]]++;
    PyMem_RawFree(found);
    if (!fits) {
        PyMem_RawFree(numbers);
        PyErr_SetString(PyExc_ValueError, "an order must have each path once");
        return NULL;
    }
    int32_t *place;
    int next;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(forks); i++)
        if (read_fork(self, PyList_GET_ITEM(forks, i), &place, &next) < 0) {
            PyMem_RawFree(numbers);
            return NULL;
        }
    for (size_t i = 0; i < self->count; i++)
        memset(self->forks[i], -1, (size_t)self->programs[i].guard_count * sizeof **self->forks);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(forks); i++)
        if (read_fork(self, PyList_GET_ITEM(forks, i), &place, &next) == 0)
            *place = next;
    if (count)
        memcpy(self->order, numbers, (size_t)count * sizeof *numbers);
    PyMem_RawFree(numbers);
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

static PyObject *
replay_size(PyObject *object, PyObject *Py_UNUSED(nothing))
{
    const Replay *self = (Replay *)object;
    size_t instructions = 0, bytes = sizeof *self;
    for (size_t i = 0; i < self->count; i++) {
        instructions += self->programs[i].instructions;
        bytes += program_bytes(&self->programs[i]);
    }
    return Py_BuildValue("nn", (Py_ssize_t)instructions, (Py_ssize_t)bytes);
}
