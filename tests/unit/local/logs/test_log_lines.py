"""The lines of a training job's output as CloudWatch Logs holds them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from airflow_hpt_provider.local.logs.lines import as_logged, split_lines
from airflow_hpt_provider.local.runners.log import LogReader
from airflow_hpt_provider.local.runners.metrics import MetricScraper


def test_control_characters_are_written_in_octal():
    assert as_logged(b"[7]\ttrain:1\x1b[0m\x08\r\x00\x7f") == "[7]#011train:1#033[0m#010#015#000#177"
    assert as_logged("50 %|█▌| é\x85\u2028".encode()) == "50 %|█▌| é\x85\u2028", "UTF-8 stays as it is"
    assert as_logged(b"\xff") == "\ufffd"


@given(st.binary(max_size=60))
def test_only_a_newline_ends_a_line(content):
    lines = split_lines(content)
    assert b"".join(lines) == content
    assert all(line.endswith(b"\n") for line in lines[:-1])
    assert all(b"\n" not in line[:-1] for line in lines)
    assert b"" not in lines


def scraped(tmp_path, regex, output):
    path = tmp_path / "log"
    path.write_bytes(output)
    found = []
    scraper = MetricScraper([{"Name": "loss", "Regex": regex}])
    LogReader(path, scraper, 0, lambda metrics, _: found.extend(each.value for each in metrics)).read(
        final=True
    )
    return found


def test_regexes_see_what_cloudwatch_holds(tmp_path):
    assert scraped(tmp_path, r"#011loss:(\S+)", b"[7]\tloss:1.5\n") == [1.5]
    assert scraped(tmp_path, r"\tloss:(\S+)", b"[7]\tloss:1.5\n") == []
    assert scraped(tmp_path, r"#011loss:(\S+)", b"[7]#011loss:1.5\n") == [1.5], "written by the script itself"


def test_a_progress_bar_is_one_line_with_all_its_values(tmp_path):
    bar = b"\r 50%|##| loss=0.5]\r100%|####| loss=0.25]\n"
    assert scraped(tmp_path, r"loss=([0-9.]+)", bar) == [0.5, 0.25]
    assert scraped(tmp_path, r"^loss=([0-9.]+)", b"noise\rloss=0.5\n") == [], "no line begins after a \\r"
    assert scraped(tmp_path, r"loss=([0-9.]+)$", b"loss=0.5\x0c\nloss=0.75\n") == [0.75]
