/* The second part of running a shard: which sample goes where, and the sums. */

/* Note the lowest sample that differs at a guard without a next path. */
static int
note_unknown(Run *run, int32_t path, int32_t guard, Py_ssize_t sample)
{
    if (run->seen[guard])
        return 1;
    run->seen[guard] = 1; /* the samples of a path are in order, but it may be run again */
    for (size_t i = 0; i < run->unknown.count; i++) {
        Unknown *unknown = &run->unknown.items[i];
        if (unknown->path == path && unknown->guard == guard) {
            if (sample < unknown->sample)
                unknown->sample = sample;
            return 1;
        }
    }
    if (CANNOT_GROW(&run->unknown))
        return fail(run);
    run->unknown.items[run->unknown.count++] = (Unknown){path, guard, sample};
    return 1;
}

/* Send a sample that differs at a guard to the next path. The sums of a path need all its samples at
   once, so each path must be entered from one other path. */
static int
route(Passage *passage, Py_ssize_t sample, int32_t guard)
{
    Run *run = passage->run;
    if (passage->again)
        return 1;
    const int32_t next = run->forks[passage->path][guard];
    if (next < 0)
        return note_unknown(run, passage->path, guard, sample);
    Samples *list = &run->lists[next];
    if (next == 0 || next == passage->path || (run->sums && run->totals[next])
        || ++run->routed > run->count * (size_t)run->samples) {
        run->failure = "the forks of the paths go in a circle";
        return fail(run);
    }
    if (!list->count) {
        if (CANNOT_GROW(&run->queue))
            return fail(run);
        run->queue.items[run->queue.count++] = next;
    }
    if (CANNOT_GROW(list))
        return fail(run);
    list->items[list->count++] = sample;
    return 1;
}

static int
flag(Passage *passage, Py_ssize_t sample)
{
    Samples *flagged = &passage->run->flagged;
    if (passage->again)
        return 1;
    if (CANNOT_GROW(flagged))
        return fail(passage->run);
    flagged->items[flagged->count++] = sample;
    return 1;
}

/* Run one sample in one lane, as carefully as it needs. */
static int
run_lane(Passage *passage, Py_ssize_t sample)
{
    Run *run = passage->run;
    const Program *program = passage->program;
    const Workspace *s = run->space;
    Block block;
    load_lanes(passage, &block, &sample, 1, 1);
    if (!run_forward(passage, &block))
        return 0;
    if (s->D[0] >= 0.0)
        return route(passage, sample, (int32_t)s->D[0]);
    int flagged = passage->flagged;
    const int careful = isnan(s->F[0]) && (run->strict || program->roots.count);
    if (careful && run->strict == STRICTEST)
        flagged = 1;
    if (careful && !flagged) {
        load_lanes(passage, &block, &sample, 1, 1);
        careful_forward(program->forward.items, (Py_ssize_t)program->forward.count,
                        program->operands.items, s->L, s->U, s->D, &flagged);
        if (!go_on(run, program->forward.count))
            return 0;
    }
    if (flagged && run->strict)
        return flag(passage, sample);
    write_outputs(passage, &block);
    if (run->sums)
        return add_to_sums(passage, &block, careful);
    return write_derivatives(passage, &block, careful)
           && (block.complete || flag(passage, sample));
}

/* Return whether a number in one of the lanes of a block was not finite. */
static int
find_marks(const Workspace *space)
{
    int any = 0;
    for (int i = 0; i < BLOCK; i++)
        any |= space->F[i] != 0.0; /* it is 0 or NaN */
    return any;
}

/* Run the waiting samples, which have no guard that differs; if `all`, also too few for a block. */
static int
run_waiting(Passage *passage, int all)
{
    int count = passage->waiting_count, done = 0;
    while (done < count && passage->position % PARTS)
        if (!run_lane(passage, passage->waiting[done++]))
            return 0;
    const Py_ssize_t *samples = passage->waiting + done;
    const int rest = count - done;
    if (rest == BLOCK || (all && rest >= FEWEST && !passage->again)) {
        Block block;
        load_lanes(passage, &block, samples, rest, BLOCK);
        if (!run_forward(passage, &block))
            return 0;
        if (!find_marks(passage->run->space)) {
            write_outputs(passage, &block);
            if (!add_to_sums(passage, &block, 0))
                return 0;
            done = count;
        }
        all = 1; /* a marked block goes lane by lane */
    }
    while (all && done < count)
        if (!run_lane(passage, passage->waiting[done++]))
            return 0;
    memmove(passage->waiting, passage->waiting + done, (size_t)(count - done) * sizeof *samples);
    passage->waiting_count = count - done;
    return 1;
}

static int
wait(Passage *passage, Py_ssize_t sample)
{
    passage->waiting[passage->waiting_count++] = sample;
    return passage->waiting_count < BLOCK || run_waiting(passage, 0);
}

/* Write the results of a block of which some lanes differ or are marked. */
static int
write_some(Passage *passage, Block *block, const uint8_t *marked, int any)
{
    write_outputs(passage, block);
    if (any && !write_derivatives(passage, block, 0))
        return 0;
    for (int i = 0; !block->complete && i < block->count; i++)
        if (marked[i] ? !run_lane(passage, block->samples[i])
                      : block->own[i] == 2 && !flag(passage, block->samples[i]))
            return 0;
    return 1;
}

/* Run up to 64 samples in a block. */
static int
run_block(Passage *passage, const Py_ssize_t *samples, int count)
{
    Run *run = passage->run;
    const Workspace *s = run->space;
    Block block;
    load_lanes(passage, &block, samples, count, BLOCK);
    if (!run_forward(passage, &block))
        return 0;
    const int is_marked = (passage->flagged || find_marks(s))
                          && (run->strict || passage->program->roots.count);
    uint8_t marked[BLOCK] = {0};
    int agreeing = count, marks = 0;
    if (passage->program->guard_count || is_marked) {
        int32_t guards[BLOCK]; /* a lane that is run alone overwrites D */
        agreeing = 0;
        for (int i = 0; i < count; i++) {
            guards[i] = (int32_t)s->D[i];
            marked[i] = is_marked && guards[i] < 0 && (passage->flagged || isnan(s->F[i]));
            block.own[i] = guards[i] < 0 && !marked[i];
            agreeing += guards[i] < 0;
            marks += marked[i];
        }
        block.complete = agreeing == count && !marks;
        for (int i = 0; agreeing < count && i < count; i++)
            if (guards[i] >= 0 && !route(passage, samples[i], guards[i]))
                return 0;
    }
    if (!run->sums)
        return write_some(passage, &block, marked, agreeing > marks);
    if (block.complete && !passage->waiting_count) {
        write_outputs(passage, &block);
        return add_to_sums(passage, &block, 0);
    }
    const int direct = marks && !passage->waiting_count;
    for (int i = 0; i < count; i++)
        if ((block.complete || block.own[i] || marked[i])
            && !(direct ? run_lane(passage, samples[i]) : wait(passage, samples[i])))
            return 0;
    return 1;
}

static int
run_samples(Passage *passage)
{
    Run *run = passage->run;
    const Samples *list = &passage->samples;
    for (size_t at = 0; at < list->count;) {
        Py_ssize_t samples[BLOCK];
        size_t count = list->count - at < BLOCK ? list->count - at : BLOCK;
        const size_t fewest = passage->waiting_count ? 1 : passage->again ? BLOCK : FEWEST;
        const int has_blocks = run->space->lanes == BLOCK && count >= fewest;
        const int aligned = !run->sums || passage->waiting_count || passage->position % PARTS == 0;
        if (!has_blocks || !aligned)
            count = 1;
        for (size_t i = 0; i < count; i++)
            samples[i] = list->items ? list->items[at + i] : list->first + (Py_ssize_t)(at + i);
        at += count;
        if (has_blocks && aligned ? !run_block(passage, samples, (int)count)
                                  : !run_lane(passage, samples[0]))
            return 0;
    }
    return run_waiting(passage, 1);
}

/* Compute the uniform numbers, and find the first uniform guard that differs. */
static void
run_prologue(Passage *passage)
{
    const Program *program = passage->program;
    const Workspace *s = passage->run->space;
    const Py_ssize_t count = (Py_ssize_t)program->prologue.count;
    for (size_t i = 0; i < program->parameters.count; i++)
        s->U[i] = passage->run->numbers[program->parameters.items[i]];
    if (program->constants.count)
        memcpy(s->U + program->parameters.count, program->constants.items,
               program->constants.count * sizeof(double));
    s->F[0] = 0.0;
    forward_1(program->prologue.items, count, program->operands.items, s->U, NULL, s->F, s->D);
    passage->careful = isnan(s->F[0]);
    if (passage->careful)
        careful_forward(program->prologue.items, count, program->operands.items, s->U, NULL, s->D,
                        &passage->flagged);
    if (passage->careful && passage->run->strict == STRICTEST)
        passage->flagged = 1;
    passage->flagged = passage->flagged && passage->run->strict;
    passage->code_count = program->forward.count;
    passage->stop = -1;
    for (size_t i = 0; passage->stop < 0 && i < program->guards.count; i++) {
        const UniformGuard guard = program->guards.items[i];
        const double x = s->U[guard.x], y = s->U[guard.y];
        const int outcomes[] = {x < y, x <= y, x > y, x >= y};
        if (outcomes[guard.comparison] != guard.outcome) {
            passage->stop = guard.number;
            passage->code_count = guard.place;
        }
    }
}

/* Return the sum of the partial sums of a site. */
static double
site_total(const double *T)
{
#ifdef __GNUC__ /* two additions at a time, the same ones */
    typedef double Pair __attribute__((vector_size(2 * sizeof(double))));
    const Pair *P = (const Pair *)T;
    const Pair both = (P[0] + P[2]) + (P[1] + P[3]);
    return both[0] + both[1];
#else
    return ((T[0] + T[4]) + (T[2] + T[6])) + ((T[1] + T[5]) + (T[3] + T[7]));
#endif
}

/* Take the sums of the sites to the parameters; returns 0 if a number is not finite. */
static int
run_epilogue(Passage *passage)
{
    const Program *program = passage->program;
    const Workspace *s = passage->run->space;
    double finite = 0.0;
    for (int32_t u = 0; u < program->uniforms; u++)
        s->V[u] = 0.0;
    for (size_t site = 0; site < program->sites.count; site++) {
        const double total = site_total(s->S + site * PARTS);
        s->V[program->sites.items[site]] += total;
        finite += total - total;
    }
    (passage->careful ? careful_reverse : reverse_1)(
        program->epilogue.items, (Py_ssize_t)program->epilogue.count, program->operands.items,
        s->U, NULL, s->V, NULL);
    return !isnan(finite);
}

/* Run a path for its samples. */
static int
run_path(Run *run, int32_t path)
{
    const Program *program = &run->programs[path];
    Passage passage = {.run = run, .path = path, .program = program, .samples = run->lists[path]};
    if (path) /* what comes later is a new list */
        run->lists[path] = (Samples){NULL, 0, 0, 0};
    memset(run->seen, 0, (size_t)program->guard_count);
    run_prologue(&passage);
    int done = 1;
    do {
        passage.again = passage.padded;
        passage.padded = 0;
        passage.position = 0;
        memset(run->space->S, 0, program->sites.count * PARTS * sizeof(double));
        done = run_samples(&passage);
    } while (done && run->sums && !run_epilogue(&passage) && passage.padded);
    PyMem_RawFree(passage.samples.items);
    if (!done || !run->sums)
        return done;
    run->totals[path] = PyMem_RawMalloc((program->parameters.count + 1) * sizeof(double));
    if (!run->totals[path])
        return fail(run);
    memcpy(run->totals[path], run->space->V, program->parameters.count * sizeof(double));
    if (!passage.position) /* nothing contributes, not even infinity times zero */
        memset(run->totals[path], 0, program->parameters.count * sizeof(double));
    return 1;
}

/* Run all samples of a shard. */
static int
run_shard(Run *run)
{
    run->lists[0] = (Samples){NULL, (size_t)run->samples, 0, run->first};
    if (CANNOT_GROW(&run->queue))
        return fail(run);
    run->queue.items[run->queue.count++] = 0;
    for (size_t next = 0; next < run->queue.count; next++)
        if (!run_path(run, run->queue.items[next]))
            return 0;
    return 1;
}
