"""Metrics in a growing log."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners import log, metrics
from airflow_hpt_provider.local.runners.log import LogReader
from airflow_hpt_provider.local.runners.metrics import MetricScraper

LOSS = [{"Name": "loss", "Regex": r"loss=([-+0-9.e]+|nan|inf)"}]


def values(definitions, line):
    return [(metric.name, metric.value) for metric in MetricScraper(definitions).scrape(line, 0.0)]


def test_matches():
    assert values(LOSS, "epoch 1 loss=0.5 and loss=1e-3") == [("loss", 0.5), ("loss", 0.001)]
    assert repr(values(LOSS, "loss=nan loss=inf loss=+")) == "[('loss', nan), ('loss', inf)]"
    assert values([{"Name": "m", "Regex": r"\d+\.\d+"}], "no group: 2.5") == [("m", 2.5)]
    two = [*LOSS, {"Name": "acc", "Regex": r"acc: (\S+)"}]
    assert values(two, "acc: 0.9 loss=2") == [("loss", 2.0), ("acc", 0.9)]


def test_a_progress_bar_is_one_line_whose_last_value_counts(tmp_path):
    """Carriage returns end no line, on AWS as here; tqdm ends its bar with a newline."""
    path = tmp_path / "log"
    bars = [f"\r{done:3}%|{'#' * (done // 10)}| {done}/100 [loss={1 - done / 200}]" for done in (10, 50, 100)]
    path.write_text("".join(bars) + "\n")
    found = []
    LogReader(path, MetricScraper(LOSS), 0, lambda metrics, position: found.extend(metrics)).read(final=True)
    assert [metric.value for metric in found] == [0.95, 0.75, 0.5]


@pytest.mark.parametrize("text", ["1_000", "\u0661", "1,5", "0x10", "one", "", "1e", "--1"])
def test_what_is_no_number(text):
    assert values([{"Name": "m", "Regex": "m=(.*)"}], f"m={text}") == []


@pytest.mark.parametrize("text", ["1000", "1e3", "+1000.0", "1000.", " 1000 ", "1E+3"])
def test_what_is_a_number(text):
    assert values([{"Name": "m", "Regex": "m=(.*)"}], f"m={text}") == [("m", 1000.0)]


def test_a_bad_regex_is_refused():
    with pytest.raises(ServiceError, match="metric definition 'm'"):
        MetricScraper([{"Name": "m", "Regex": "["}])


def test_a_regex_that_backtracks_without_end_is_cut_short(monkeypatch):
    monkeypatch.setattr(metrics, "MAX_SECONDS", 0.02)
    scraper = MetricScraper([{"Name": "evil", "Regex": "(a|aa)+$"}, *LOSS])
    started = time.monotonic()
    assert [m.value for m in scraper.scrape("a" * 60 + "! loss=1", 0.0)] == [1.0]
    assert time.monotonic() - started < 30, "it would take years"


@given(st.lists(st.integers(0, 9), max_size=20), st.data())
def test_every_value_once_however_the_log_grows(tmp_path_factory, numbers, data):
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_bytes(b"")
    text = "".join(f"loss={number}\nnoise\n" for number in numbers).encode()[: -1 if numbers else None]
    found, positions = [], [0]

    def on_metrics(metrics, position):
        found.extend(metric.value for metric in metrics)
        positions.append(position)

    reader = LogReader(path, MetricScraper(LOSS), 0, on_metrics)
    written = 0
    while written < len(text):
        step = data.draw(st.integers(1, 40))
        with path.open("ab") as file:
            file.write(text[written : written + step])
        written += step
        reader.read()
    reader.read(final=True)
    assert found == numbers
    assert positions == sorted(positions)
    # A reader that takes over at a reported position finds the rest, no more.
    later = []
    again = LogReader(path, MetricScraper(LOSS), positions[len(positions) // 2], lambda m, p: later.extend(m))
    again.read(final=True)
    assert [metric.value for metric in later] == numbers[len(numbers) - len(later) :]


def test_long_lines_and_many_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(log, "CHUNK", 64)
    path = tmp_path / "log"
    path.write_text("x" * 300 + "\n" + "".join(f"loss={n}\n" for n in range(100)) + "loss=100")
    found = []
    reader = LogReader(path, MetricScraper(LOSS), 0, lambda metrics, position: found.extend(metrics))
    reader.read()
    assert len(found) == 100
    reader.read(final=True)
    assert [metric.value for metric in found] == list(range(101))


@pytest.mark.parametrize(
    "before", ["x" * 100_000 + " ", "=" * 16_380, "word " * 50_000, "0 " * 200_000, "#" * 1_048_570]
)
def test_a_number_at_any_place_of_a_long_line_is_the_whole_number(tmp_path, before):
    path = tmp_path / "log"
    path.write_text(f"{before}loss=0.987654{before} loss=0.5\n")
    found = []
    reader = LogReader(path, MetricScraper(LOSS), 0, lambda metrics, position: found.extend(metrics))
    reader.read(final=True)
    assert {metric.value for metric in found} <= {0.987654, 0.5}
    assert found[-1].value == 0.5


@given(st.integers(0, 70))
def test_no_cut_makes_another_number(tmp_path_factory, padding):
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_text("#" * padding + "loss=0.987654|" + "#" * 200 + "\n")
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "CHUNK", 64)
        reader = LogReader(path, MetricScraper(LOSS), 0, lambda metrics, position: found.extend(metrics))
        reader.read(final=True)
    assert {metric.value for metric in found} <= {0.987654}


def test_a_backtracking_regex_is_dropped_for_the_attempt_and_the_others_are_not(monkeypatch, caplog):
    monkeypatch.setattr(metrics, "ALLOWANCE", 0.2)
    scraper = MetricScraper([{"Name": "evil", "Regex": "(a|a|aa)+$"}, *LOSS])
    found = [metric.value for n in range(200) for metric in scraper.scrape("a" * 40 + f"! loss={n}", 0.0)]
    assert found == list(range(200))
    assert [pattern.name for pattern in scraper._patterns] == ["loss"]
    assert caplog.text.count("the regex of metric 'evil' takes too long") == 1


def test_a_long_log_does_not_make_a_regex_slow(monkeypatch):
    monkeypatch.setattr(metrics, "ALLOWANCE", 0.001)
    scraper = MetricScraper(LOSS)
    for n in range(2_000):
        assert [metric.value for metric in scraper.scrape("word " * 100 + f"loss={n}", 0.0)] == [n]
