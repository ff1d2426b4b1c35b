# SPDX-License-Identifier: MIT
"""The plan: the same question gives the same jobs; wrong names get near ones."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmm.base.errors import UsageError
from pmm.base.paths import Paths
from pmm.base.typed_names import choose, nearest, slug
from pmm.collect.conform import make_column
from pmm.discover.cpythons import CPython, primary
from pmm.discover.introductions import Stranger
from pmm.discover.named_by_path import Named, NamedBackend, NamedSubject, SaidSubject
from pmm.discover.world import World
from pmm.documents.journal import job_folders
from pmm.documents.programs import BackendEntry, ListedVariant, WorkloadEntry
from pmm.execute.executor import full_argv, job_command
from pmm.plan import profiles
from pmm.plan.plan import make_plan
from pmm.plan.selection import PROFILES, Selection

BOUNDS = {"null", "bump"}
LEAKED = ("clean", "lost_reference", "uncollected_cycle", "unclosed_file")


def backend(name: str, available: bool = True) -> BackendEntry:
    """A backend entry."""
    return BackendEntry(
        name=name,
        version="1",
        summary=name,
        available=available,
        reason=None if available else "not found",
        capabilities=("MEASURES",) if name in BOUNDS else (),
        object=None,
        replaced_by_valgrind=name == "mimalloc",
    )


def workload(name: str) -> WorkloadEntry:
    """A workload that describes itself as the one of that name does."""
    small = {"file_read": None, "leaks": "", "articles": ""}
    return WorkloadEntry(
        name=name, small=small.get(name, "items=10000"),
        smallest="input={program} chunk=4096" if name == "file_read" else None,
        variants=tuple(ListedVariant(name=one) for one in LEAKED),
    )  # fmt: skip


def cpython(version: str, hosts: bool = True, optimised: bool = True) -> CPython:
    """A CPython entry."""
    return CPython(
        f"cpython-{version}", f"/usr/bin/python{version}", version, optimised, "",
        hosts, None if hosts else "no extension", ("pymalloc", "malloc"),
    )  # fmt: skip


@pytest.fixture
def world(project) -> World:
    """Everything is there but snmalloc."""
    return World(
        paths=Paths(project.root, project.build),
        backends=tuple(
            backend(name, name != "snmalloc")
            for name in ("pool", "libc", "mimalloc", "null", "bump", "snmalloc")
        ),
        cpythons=(cpython("3.9.18", hosts=False), cpython("3.11.7"), cpython("3.13.0")),
        cases=("ref.one", "gc.one"),
        workloads=tuple(
            map(workload, ("list_vs_generator", "file_read", "cycles", "leaks"))
        ),
        twins=tuple(
            map(workload, ("list_vs_generator", "file_read", "leaks", "articles"))
        ),
        benches=("alloc",),
        valgrind="/usr/bin/valgrind",
        missing=(),
        modes=("generational", "full", "counting"),
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_a_plan_is_deterministic_and_its_ids_are_unique(world, profile):
    first = make_plan(world, Selection(profile=profile))
    assert first == make_plan(world, Selection(profile=profile))
    ids = [job.id for job in first.jobs]
    assert len(set(ids)) == len(ids)


def test_a_larger_profile_holds_the_smaller_one(world):
    quick, standard, nightly, smoke = (
        {job.id for job in make_plan(world, Selection(profile=p)).jobs}
        for p in PROFILES
    )
    assert quick <= standard <= nightly
    assert smoke == {
        name for name in standard if not ("/cpython-" in name and "oom" in name)
    }


@pytest.fixture
def seven(world) -> World:
    """Seven CPythons of an ordinary build, and a debug build of the newest."""
    names = ("3.8.18", "3.9.18", "3.10.13", "3.11.2", "3.11.7", "3.12.1", "3.13.0")
    odd = dataclasses.replace(cpython("3.14.0"), id="cpython-3.14.0-debug")
    return dataclasses.replace(world, cpythons=(*map(cpython, names), odd))


@pytest.mark.parametrize("profile", ["quick", "standard", "smoke"])
def test_the_cpythons_between_the_ends_wait_for_nightly_and_it_is_said(seven, profile):
    script = seven.paths.facts_script
    script.parent.mkdir(parents=True, exist_ok=True)
    script.touch()
    plan = make_plan(seven, Selection(profile=profile))
    hosts = [job for job in plan.jobs if job.interpreter and job.kind != "facts"]
    used = {job.interpreter for job in hosts}
    assert used == {"/usr/bin/python3.8.18", "/usr/bin/python3.13.0"}
    asked = [job.interpreter for job in plan.jobs if job.kind == "facts"]
    assert asked == [one.interpreter for one in seven.cpythons], "half a second each"
    said = next(s for s in plan.skipped if "cpython-3.9.18" in s.what)
    left = [one.id for one in seven.cpythons[1:] if one.id != "cpython-3.13.0"]
    assert said.what == ", ".join(left)
    assert said.choice
    assert said.remedy.split()[2:] == [w for name in left for w in ("--subject", name)]


def test_nightly_runs_everything_and_puts_nothing_off(seven):
    plan = make_plan(seven, Selection(profile="nightly"))
    used = {job.interpreter for job in plan.jobs if job.interpreter}
    assert used == {one.interpreter for one in seven.cpythons}
    assert not [s for s in plan.skipped if s.choice]
    assert not [job for job in plan.jobs if "--sample" in job.argv]


@pytest.mark.parametrize("profile", PROFILES)
def test_an_interpreter_that_is_named_is_always_taken(seven, profile):
    asked = Selection(profile=profile, subjects=("cpython-3.10",), kinds=("conform",))
    plan = make_plan(seven, asked)
    assert {job.interpreter for job in plan.jobs} == {"/usr/bin/python3.10.13"}


def sampled(jobs) -> dict[str, set[str]]:
    """Shares by lane."""
    out: dict[str, set[str]] = {}
    for job in jobs:
        if job.lane:
            at = job.argv.index("--sample") + 1 if "--sample" in job.argv else None
            out.setdefault(job.lane, set()).add(job.argv[at] if at else "all")
    return out


def test_standard_samples_the_lanes_of_failing_allocations_and_says_so(world):
    plan = make_plan(world, Selection(profile="standard", seed=5))
    shares = sampled(plan.jobs)
    every = profiles.PROFILES["standard"].failing_sample
    assert every > 1
    assert shares["oom-once"] == shares["oom-persist"] == {str(every)}
    assert shares["plain"] == shares["gc-stress"] == shares["shuffle"] == {"all"}
    said = next(s for s in plan.skipped if s.what.startswith("most cases in oom-once"))
    assert f"one case in {every}" in said.why
    assert "seed 5" in said.why
    assert said.remedy == "pmm conform --lane oom-once --lane oom-persist"
    seeds = [j.argv[j.argv.index("--seed") + 1] for j in plan.jobs if j.lane]
    assert set(seeds) == {"5"}


def test_quick_samples_the_cases_of_the_oldest_cpython_and_says_so(seven):
    plan = make_plan(seven, Selection())
    columns = {job.interpreter: job.argv for job in plan.jobs if job.lane}
    assert "--sample" in columns["/usr/bin/python3.8.18"]
    assert "--sample" not in columns["/usr/bin/python3.13.0"]
    said = next(s for s in plan.skipped if s.what == "most cases on cpython-3.8.18")
    assert said.remedy == "pmm conform --subject cpython-3.8.18"
    named = Selection(subjects=("cpython-3.8.18", "cpython-3.13"))
    assert not [j for j in make_plan(seven, named).jobs if "--sample" in j.argv]


@pytest.mark.parametrize("asked", [{"cases": ("ref.*",)}, {"lanes": ("oom-once",)}])
@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_asked_for_by_name_is_not_sampled(world, profile, asked):
    plan = make_plan(world, Selection(profile=profile, **asked))
    assert not [job for job in plan.jobs if "--sample" in job.argv]
    assert not [s for s in plan.skipped if s.what.startswith("most cases")]


def test_nightly_runs_a_cpython_over_each_allocator_it_was_built_with(world):
    known = ("pymalloc", "mimalloc", "malloc", "pymalloc_debug", "malloc_debug")
    one = dataclasses.replace(cpython("3.14.10"), allocators=known)
    found = dataclasses.replace(world, cpythons=(one,))
    jobs = make_plan(found, Selection(profile="nightly", kinds=("conform",))).jobs
    over = {job.backend for job in jobs if job.subject == "cpython"}
    assert over == {None, *known[1:]}
    titles = {make_column(job, None, True).label for job in jobs if job.interpreter}
    assert "cpython-3.14.10 PYTHONMALLOC=malloc" in titles
    assert {"cpython-3.14.10", "cpython-3.14.10 oom-once"} <= titles


def test_lanes_of_failing_allocations_on_cpythons_are_nightlys_and_it_is_said(seven):
    plan = make_plan(seven, Selection(profile="standard", kinds=("conform",)))
    assert not [j for j in plan.jobs if j.lane == "oom-once" and j.interpreter]
    assert any("runs them on none" in s.why for s in plan.skipped)
    quick = make_plan(seven, Selection(kinds=("conform",)))
    assert any("runs them on none" in s.why for s in quick.skipped)


def test_another_seed_takes_another_allocator(world):
    known = ("pymalloc", "malloc", "pymalloc_debug", "malloc_debug")
    one = dataclasses.replace(cpython("3.13.0"), allocators=known)
    found = dataclasses.replace(world, cpythons=(one,))
    ask = {"profile": "standard", "kinds": ("conform",), "subjects": ("cpython",)}
    picked = [
        {job.backend for job in make_plan(found, Selection(seed=n, **ask)).jobs}
        for n in (1, 2, 3)
    ]
    assert all(len(names) == 2 and None in names for names in picked)
    assert set().union(*picked) == {None, *known[1:]}


def test_bounds_hold_no_workload_and_no_case(world):
    jobs = make_plan(world, Selection()).jobs
    assert not [
        j for j in jobs if j.kind in ("work", "conform") and j.backend in BOUNDS
    ]
    assert [j for j in jobs if j.kind == "bench" and j.backend == "null"]


def test_every_workload_runs_over_every_backend_and_leaks_under_valgrind(world):
    jobs = make_plan(world, Selection()).jobs
    over = {(j.workload, j.backend) for j in jobs if j.kind == "work" and j.backend}
    assert over == {
        (one.name, over)
        for one in world.workloads
        for over in ("pool", "libc", "mimalloc")
    }
    variants = {(j.variant, j.backend) for j in jobs if j.kind == "leaks"}
    assert len(variants) == 8
    leak = next(j for j in jobs if j.kind == "leaks")
    assert "{dir}" not in job_command(leak)
    argv = full_argv(leak, Path("/run/x"))
    assert argv[:3] == ["valgrind", "--xml=yes", "--xml-file=/run/x/valgrind.%p.xml"]


def test_twins_are_small_in_quick_which_says_so(world):
    plan = make_plan(world, Selection())
    jobs = [j for j in plan.jobs if "/twin/" in j.id]
    assert {j.workload for j in jobs} >= {"list_vs_generator", "articles"}
    assert "file_read" not in {j.workload for j in jobs}
    small = [j for j in jobs if j.workload == "list_vs_generator"]
    assert small and all("--set" in j.argv for j in small)
    assert all(j.subject == "cpython" and not j.measured for j in jobs)
    (said,) = [s for s in plan.skipped if "full-sized workloads" in s.what]
    assert (said.choice, said.remedy) == (True, "pmm work --subject cpython")
    every = make_plan(world, Selection(profile="standard")).jobs
    whole = {j.interpreter for j in every if j.workload == "file_read" and j.measured}
    assert "/usr/bin/python3.13.0" in whole


def test_the_baseline_interpreter_is_an_optimised_311():
    found = [cpython("3.11.2"), cpython("3.11.7", optimised=False), cpython("3.13.0")]
    assert primary(found).version == "3.11.2"
    assert primary(found[2:]).version == "3.13.0"
    assert primary([]) is None


def test_what_is_missing_is_skipped_with_a_reason(world):
    poor = dataclasses.replace(
        world, valgrind=None, cpythons=world.cpythons[:1], missing=(("pmm-x", "a lot"),)
    )
    plan = make_plan(poor, Selection())
    skipped = {s.what: s for s in plan.skipped}
    assert {name for name, one in skipped.items() if not one.choice} == {
        "pmm-x", "backend snmalloc", "valgrind", "conformance on cpython-3.9.18"
    }  # fmt: skip
    assert all(s.why and s.lost for s in plan.skipped)


def test_an_interpreter_that_is_no_column_is_skipped_with_its_reason(world):
    odd = Stranger("/usr/bin/python3.12", "no answer within 10 s")
    plan = make_plan(dataclasses.replace(world, strangers=(odd,)), Selection())
    [said] = [one for one in plan.skipped if one.what == odd.path]
    assert (said.why, said.choice) == (odd.reason, False)


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection(backends=("mimaloc",)), "did you mean mimalloc"),
        (Selection(backends=("snmalloc",)), "cannot be used: not found"),
        (Selection(cases=("ref.oen",)), "did you mean ref.one"),
        (Selection(workloads=("list_generator",)), "did you mean list_vs_generator"),
        (Selection(subjects=("refrence",)), "did you mean reference"),
        (Selection(subjects=("cpython-3.12",)), "no subject"),
        (Selection(benches=("aloc",)), "did you mean alloc"),
        (Selection(profile="fast"), "no profile 'fast'"),
        (Selection(profile="full"), "available: nightly, quick"),
        (Selection(profile="night"), "did you mean nightly"),
        (Selection(lanes=("oom",)), "oom-once"),
        (Selection(modes=("genertional",)), "did you mean generational"),
        (Selection(allocators=("mallok",)), "did you mean malloc"),
        (Selection(backends=("zzz",)), "available:"),
    ],
)
def test_unknown_names_get_the_nearest(world, selection, words):
    with pytest.raises(UsageError, match=words):
        make_plan(world, selection)


def test_a_family_name_takes_its_members(world):
    plan = make_plan(world, Selection(subjects=("cpython",), kinds=("conform",)))
    assert [job.id for job in plan.jobs] == [
        "conform/cpython-3.11.7/plain", "conform/cpython-3.13.0/plain"
    ]  # fmt: skip
    plan = make_plan(world, Selection(subjects=("cpython-3.13",), kinds=("conform",)))
    assert len(plan.jobs) == 1


def test_a_subject_of_somebody_else_chooses_its_own_allocator(world):
    text = "/x/mine.so"
    said = SaidSubject(name="mine", modes=("own",), takes_backend=True)
    named = Named(subjects=(NamedSubject((text,), "mine", text, said),))
    there = dataclasses.replace(world, named=named)
    asked = Selection(kinds=("conform",), subjects=(text,))
    plan = make_plan(there, asked)
    assert [job.backend for job in plan.jobs] == [None]
    assert [job.id for job in plan.jobs] == ["conform/mine/own/own/plain"]
    assert "--backend" not in plan.jobs[0].argv
    over = dataclasses.replace(asked, backends=("libc",))
    assert [job.backend for job in make_plan(there, over).jobs] == ["libc"]
    alone = SaidSubject(name="mine", modes=("own",))
    named = Named(subjects=(NamedSubject((text,), "mine", text, alone),))
    with pytest.raises(UsageError, match="there is none below mine"):
        make_plan(dataclasses.replace(world, named=named), over)


def test_a_library_of_somebody_else_is_a_backend(world):
    spec = "mine=/opt/lib mine.so,prefix=my_"
    one = NamedBackend((spec,), "mine", spec, "/opt/lib mine.so", backend("mine"))
    there = dataclasses.replace(world, named=Named(backends=(one,)))
    plan = make_plan(there, Selection(backends=(spec,), kinds=("conform",)))
    ours = [job for job in plan.jobs if job.subject == "reference"]
    assert [job.backend for job in ours] == [spec]
    assert ours[0].id == "conform/reference/mine/generational/plain"
    assert ours[0].shown_backend == "mine"
    assert f"'{spec}'" in job_command(ours[0])


def conform_ids(world: World, **asked) -> set[str]:
    """Ids of the conformance jobs of a selection, without their kind."""
    plan = make_plan(world, Selection(kinds=("conform",), **asked))
    return {job.id.removeprefix("conform/") for job in plan.jobs}


def test_every_mode_is_checked_over_more_backends_the_more_is_done(world):
    quick, standard, nightly, _ = (conform_ids(world, profile=p) for p in PROFILES)
    assert "reference/pool/counting/plain" in quick
    assert "reference/libc/generational/plain" in quick
    assert "reference/libc/counting/plain" in standard - quick
    assert "reference/libc/counting/gc-stress" in nightly - standard


def test_modes_that_are_asked_for_are_checked_over_every_backend(world):
    asked = conform_ids(world, modes=("f*", "counting"), subjects=("reference",))
    assert asked == {
        f"reference/{backend}/{mode}/plain"
        for backend in ("pool", "libc", "mimalloc")
        for mode in ("full", "counting")
    }
    every = Selection(modes=("all",), subjects=("reference",), kinds=("conform",))
    jobs = make_plan(world, every).jobs
    assert {job.mode for job in jobs} == set(world.modes)
    assert all(job.argv[job.argv.index("--mode") + 1] == job.mode for job in jobs)


def test_a_cpython_has_no_mode_but_its_own(world):
    assert not [i for i in conform_ids(world, modes=("full",)) if "cpython" in i]
    assert "cpython-3.13.0/plain" in conform_ids(world, modes=("all",))


def test_the_allocators_of_a_cpython_are_its_backends(world):
    everywhere = {"subjects": ("cpython",)}
    assert conform_ids(world, allocators=("malloc",), **everywhere) == {
        "cpython-3.11.7/malloc/plain", "cpython-3.13.0/malloc/plain"
    }  # fmt: skip
    standard = conform_ids(world, profile="standard", **everywhere)
    assert standard == {
        "cpython-3.11.7/plain", "cpython-3.11.7/malloc/plain", "cpython-3.13.0/plain",
    }  # fmt: skip
    plan = make_plan(
        world, Selection(kinds=("conform",), allocators=("all",), **everywhere)
    )
    assert len(plan.jobs) == 4
    for job in plan.jobs:
        assert job.environment == {"PYTHONMALLOC": job.backend}
        assert job_command(job).startswith(f"PYTHONMALLOC={job.backend} ")


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_a_slug_is_a_plain_file_name(text):
    name = slug(text)
    assert name
    assert "/" not in name
    assert not name.startswith(".")
    assert len(name) <= 120
    assert name.isascii()
    assert name.isprintable()


@given(st.text(max_size=30), st.lists(st.text(max_size=10), max_size=5))
@settings(max_examples=200, deadline=None)
def test_nearest_answers_only_known_names(name, known):
    assert set(nearest(name, known)) <= set(known)


def test_choose_takes_globs_in_known_order():
    assert choose("case", ["gc.*", "ref.b"], ["ref.a", "ref.b", "gc.a"]) == [
        "ref.b", "gc.a"
    ]  # fmt: skip


def test_job_folders_of_like_names_differ(world):
    plan = make_plan(world, Selection()).jobs
    folders = set(job_folders(Path("/r"), plan).values())
    assert len(folders) == len(plan)
