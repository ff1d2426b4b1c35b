# SPDX-License-Identifier: MIT
"""Runs the Python Memory Manager suite and turns its output into verdicts.

The rooms stand in the order in which data goes through them; none imports from a
later one (reports/tests/test_rooms.py):

    base       what all stand on: errors, paths, typed names, text, child processes
    documents  what goes from room to room, frozen and strict; run.json is one
    discover   what there is: programs, backends, CPythons, what a path names
    plan       what there is and what was asked -> an ordered list of jobs
    execute    each job as one fresh process -> a line of the journal
    collect    what the jobs wrote, read and doubted -> Gathered
    judge      expectations, statistics, comparison, problems -> one verdict
    store      run.json, JUnit, earlier runs, the folder of a report
    render     a run -> static pages
    cli        the verbs, what they print, and one run from its plan to its report
"""
