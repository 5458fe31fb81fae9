/* `Replay.run`: the arguments of a run, and what it returns. */

static int
compare_samples(const void *left, const void *right)
{
    const Py_ssize_t x = *(const Py_ssize_t *)left, y = *(const Py_ssize_t *)right;
    return (x > y) - (x < y);
}

/* Return (unknown, flagged), or None if both are empty. */
static PyObject *
describe_run(Run *run)
{
    if (!run->unknown.count && !run->flagged.count)
        Py_RETURN_NONE;
    if (run->flagged.count)
        qsort(run->flagged.items, run->flagged.count, sizeof *run->flagged.items, compare_samples);
    PyObject *unknown = PyList_New((Py_ssize_t)run->unknown.count);
    PyObject *flagged = PyList_New((Py_ssize_t)run->flagged.count), *both = NULL;
    int made = unknown && flagged;
    for (size_t i = 0; made && i < run->unknown.count; i++) {
        const Unknown fork = run->unknown.items[i];
        PyObject *item = Py_BuildValue("iin", (int)fork.path, (int)fork.guard, fork.sample);
        made = item != NULL;
        if (made)
            PyList_SET_ITEM(unknown, (Py_ssize_t)i, item);
    }
    for (size_t i = 0; made && i < run->flagged.count; i++) {
        PyObject *item = PyLong_FromSsize_t(run->flagged.items[i]);
        made = item != NULL;
        if (made)
            PyList_SET_ITEM(flagged, (Py_ssize_t)i, item);
    }
    if (made)
        both = PyTuple_Pack(2, unknown, flagged);
    Py_XDECREF(unknown);
    Py_XDECREF(flagged);
    return both;
}

/* The sums of the paths, in the order that does not depend on the samples. */
static void
write_sums(const Replay *self, const Run *run, const Column *sums, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++)
        write_number(sums, i, 0.0);
    for (size_t k = 0; k < self->count; k++) {
        const int32_t path = self->order[k];
        const Program *program = &self->programs[path];
        const double *totals = run->totals[path];
        for (size_t i = 0; totals && i < program->parameters.count; i++) {
            const int32_t place = program->parameters.items[i];
            write_number(sums, place, read_number(sums, place) + totals[i]);
        }
    }
}

/* Run the shard without the lock. Returns 0, with an error that is set, if that fails. */
static int
run_unlocked(Replay *self, Run *run)
{
    self->runs++;
    run->thread = PyEval_SaveThread();
    const int done = run_shard(run);
    PyEval_RestoreThread(run->thread);
    self->runs--;
    if (!done && !PyErr_Occurred()) {
        if (run->failure)
            PyErr_SetString(PyExc_RuntimeError, run->failure);
        else
            PyErr_NoMemory();
    }
    return done;
}

static void
run_release(Run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->lists)
            PyMem_RawFree(run->lists[i].items);
        if (run->totals)
            PyMem_RawFree(run->totals[i]);
    }
    PyMem_RawFree(run->lists);
    PyMem_RawFree(run->totals);
    PyMem_RawFree(run->seen);
    PyMem_RawFree(run->queue.items);
    PyMem_RawFree(run->unknown.items);
    PyMem_RawFree(run->flagged.items);
}

/* The arguments that are buffers. */
typedef struct {
    Columns columns, seed, numbers, results, sums;
} Buffers;

/* Check that the columns of a run fit the programs. */
static int
check_columns(const Replay *self, const Buffers *buffers)
{
    size_t results = 0;
    for (size_t i = 0; i < self->count; i++) {
        const Program *program = &self->programs[i];
        keep_most(&results, program->outputs.count + (self->sums ? 0 : program->derivatives.count));
    }
    int fits = buffers->columns.columns.count >= (size_t)self->columns
               && buffers->results.columns.count >= results;
    for (size_t i = 0; i < buffers->results.columns.count; i++)
        fits &= buffers->results.columns.items[i].base != NULL;
    if (self->sums)
        fits &= buffers->sums.columns.count == 1 && buffers->sums.columns.items[0].base
                && buffers->seed.columns.count == 1;
    fits &= buffers->numbers.columns.count == 1;
    if (!fits)
        PyErr_SetString(PyExc_ValueError, "a run must have the columns, results and sums of its programs");
    return fits ? 0 : -1;
}

/* Read the buffers of a run. */
static int
read_buffers(const Replay *self, PyObject *const *arguments, Py_ssize_t end, Buffers *buffers)
{
    const int writable = PyBUF_STRIDES | PyBUF_FORMAT | PyBUF_WRITABLE;
    if (take_sequence(&buffers->columns, arguments[0], end, PyBUF_RECORDS_RO) < 0
        || take_columns(&buffers->numbers, arguments[3], self->numbers, PyBUF_RECORDS_RO) < 0
        || (self->sums && take_columns(&buffers->seed, arguments[4], end, PyBUF_RECORDS_RO) < 0)
        || take_sequence(&buffers->results, arguments[6], end, writable) < 0
        || (self->sums && take_columns(&buffers->sums, arguments[7], self->numbers, writable) < 0))
        return -1;
    return check_columns(self, buffers);
}

/* Copy the numbers of the parameters, which may have strides. */
static double *
copy_numbers(const Column *column, Py_ssize_t count)
{
    double *numbers = PyMem_RawMalloc(((size_t)count + 1) * sizeof *numbers);
    for (Py_ssize_t i = 0; numbers && i < count; i++)
        numbers[i] = read_number(column, i);
    return numbers;
}

static PyObject *
run_buffers(Replay *self, const Buffers *buffers, Py_ssize_t first, Py_ssize_t samples, int is_strict)
{
    double *numbers = copy_numbers(&buffers->numbers.columns.items[0], self->numbers);
    Workspace *space = take_workspace(self, lanes_for(self, samples));
    Run run = {
        .programs = self->programs, .forks = (const int32_t *const *)self->forks,
        .count = self->count, .columns = buffers->columns.columns.items,
        .results = buffers->results.columns.items, .numbers = numbers,
        .first = first, .samples = samples, .sums = self->sums, .strict = is_strict, .space = space,
        .lists = PyMem_RawCalloc(self->count, sizeof *run.lists),
        .totals = PyMem_RawCalloc(self->count, sizeof *run.totals),
        .seen = PyMem_RawCalloc(self->guards + 1, 1),
    };
    if (self->sums)
        run.seed = buffers->seed.columns.items[0];
    PyObject *result = NULL;
    if (!numbers || !run.lists || !run.totals || !run.seen)
        PyErr_NoMemory();
    else if (space && run_unlocked(self, &run)) {
        if (self->sums)
            write_sums(self, &run, &buffers->sums.columns.items[0], self->numbers);
        result = describe_run(&run);
    }
    if (space)
        return_workspace(self, space);
    run_release(&run);
    PyMem_RawFree(numbers);
    return result;
}

/* run(columns, first, count, numbers, seed, strict, results, sums) */
static PyObject *
replay_run(PyObject *object, PyObject *const *arguments, Py_ssize_t given)
{
    Replay *self = (Replay *)object;
    if (given != 8) {
        PyErr_SetString(PyExc_TypeError, "run takes 8 arguments");
        return NULL;
    }
    const Py_ssize_t first = PyLong_AsSsize_t(arguments[1]);
    const Py_ssize_t samples = first == -1 && PyErr_Occurred() ? -1 : PyLong_AsSsize_t(arguments[2]);
    const long is_strict = PyErr_Occurred() ? -1 : PyLong_AsLong(arguments[5]);
    if (is_strict == -1 && PyErr_Occurred())
        return NULL;
    if (first < 0 || samples < 0 || first > PY_SSIZE_T_MAX - samples || !self->count) {
        PyErr_SetString(PyExc_ValueError, "a run must have a path, and samples from 0 on");
        return NULL;
    }
    Buffers buffers;
    memset(&buffers, 0, sizeof buffers);
    PyObject *result = NULL;
    if (read_buffers(self, arguments, first + samples, &buffers) == 0)
        result = run_buffers(self, &buffers, first, samples, (int)is_strict);
    columns_release(&buffers.columns);
    columns_release(&buffers.numbers);
    columns_release(&buffers.seed);
    columns_release(&buffers.results);
    columns_release(&buffers.sums);
    return result;
}

#include "points.h"
#include "batch.h"

static PyMethodDef replay_methods[] = {
    {"add", replay_add, METH_VARARGS, NULL},
    {"arrange", replay_arrange, METH_VARARGS, NULL},
    {"batch", replay_batch, METH_VARARGS, NULL},
    {"point", replay_point, METH_VARARGS, NULL},
    {"run", (PyCFunction)(void (*)(void))replay_run, METH_FASTCALL, NULL},
    {"size", replay_size, METH_NOARGS, NULL},
    {NULL},
};

static PyType_Slot replay_slots[] = {
    {Py_tp_new, replay_new},
    {Py_tp_dealloc, replay_dealloc},
    {Py_tp_methods, replay_methods},
    {0, NULL},
};

static PyType_Spec replay_spec = {
    .name = "autograd_mini.engines.native.core.Replay",
    .basicsize = sizeof(Replay),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = replay_slots,
};
