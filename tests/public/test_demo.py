"""The plant to play with: a source whose numbers are generated, as its documentation states."""

from __future__ import annotations

import csv
import io
import math
import statistics
import urllib.error
import urllib.request
from datetime import date

import pytest

from aero_jupyter import demo


@pytest.fixture
def plant():
    with demo.Plant(days=60) as plant:
        yield plant


def fetched(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=120) as answer:
        return answer.headers, answer.read()


def table(content):
    return list(csv.DictReader(io.StringIO(content.decode())))


def stated_epidemic(days):
    """The model as the documentation of the module states it, written again from its words."""
    people = {"S": 750_000 - 60 - 100 - 300_000, "E": 60.0, "I": 100.0, "R": 300_000.0}
    for t in range(days):
        r0 = 1.84 + 0.56 * math.cos(2 * math.pi * (t - 20) / 120)
        rt = r0 * people["S"] / 750_000
        flows = {
            "SE": r0 / 5 * people["I"] * people["S"] / 750_000,
            "EI": people["E"] / 3,
            "IR": people["I"] / 5,
            "RS": people["R"] / 100,
        }
        for (source, target), count in flows.items():
            people[source] -= count
            people[target] += count
        assert sum(people.values()) == pytest.approx(750_000)
        yield people["I"], rt


def test_the_epidemic_and_its_reproduction_number_are_the_stated_ones():
    sick, reproduction = zip(*stated_epidemic(365), strict=True)
    assert demo.infectious(365) == pytest.approx(list(sick))
    assert demo.true_rt(365) == pytest.approx(list(reproduction))
    assert min(reproduction) < 1 < max(reproduction)


def test_prevalence_grows_where_the_reproduction_number_says_so():
    # A latent stage delays it: looked at a fortnight after R(t) has crossed 1 for good.
    sick, reproduction = demo.infectious(365), demo.true_rt(365)
    steady = [day for day in range(14, 365) if len({value > 1 for value in reproduction[day - 14 : day + 1]}) == 1]
    assert len(steady) > 200
    assert all((sick[day] > sick[day - 1]) == (reproduction[day] > 1) for day in steady)


def test_the_noise_is_the_stated_one():
    course = demo.infectious(3000)
    errors = [
        math.log(int(row[1]) / (course[(date.fromisoformat(row[0]) - date(2025, 1, 5)).days] * 2.5e10 / 3e8))
        for row in demo.samples(3000)
    ]
    assert statistics.fmean(errors) == pytest.approx(0, abs=0.03)
    assert statistics.stdev(errors) == pytest.approx(0.25, abs=0.02)


def test_samples_are_taken_on_the_stated_days():
    assert {date.fromisoformat(row[0]).strftime("%a") for row in demo.samples(90)} == {"Sun", "Tue", "Thu"}


def test_the_same_seed_gives_the_same_rows_and_another_others():
    assert demo.samples(60, seed=3) == demo.samples(60, seed=3)
    assert demo.samples(60, seed=3) != demo.samples(60, seed=4)


def test_it_serves_a_table_with_gaps(plant):
    headers, content = fetched(plant.url)
    rows = table(content)
    assert headers["Content-Type"].startswith("text/csv")
    assert len(rows) == plant.rows
    assert list(rows[0]) == ["sample_collect_date", "sars_cov_2", "influenza_a", "influenza_b", "rsv", "method"]
    assert all(int(row["sars_cov_2"]) > 0 for row in rows)
    assert 0 < sum(not row["influenza_a"] for row in rows) < len(rows)


def test_it_publishes_when_told_to_and_changes_nothing_it_has_published(plant):
    before, rows = fetched(plant.url)[1], plant.rows
    assert fetched(plant.url)[1] == before
    assert plant.publish(days=14) == rows + 6
    after = fetched(plant.url)[1]
    assert after.startswith(before)
    assert len(table(after)) == rows + 6


def test_who_has_it_already_is_told_so(plant):
    mark = fetched(plant.url)[0]["ETag"]
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetched(plant.url, **{"If-None-Match": mark})
    with caught.value as answer:
        assert answer.code == 304
    plant.publish(7)
    assert fetched(plant.url, **{"If-None-Match": mark})[0]["ETag"] != mark


def test_there_is_nothing_else(plant):
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetched(plant.url.replace("sewage", "secrets"))
    with caught.value as answer:
        assert answer.code == 404


def test_it_says_that_its_numbers_are_generated(plant):
    assert "Generated" in plant.about
    assert "not measured" in plant.about
    assert "not measured" in demo.__doc__
    assert repr(plant) == "Plant(60 days published)"


def test_it_stops():
    plant = demo.plant(days=7)
    plant.close()
    with pytest.raises(urllib.error.URLError):
        fetched(plant.url)


def test_a_plant_keeps_its_url_when_it_is_opened_again(capsys):
    first = demo.plant(days=7, name="again")
    first.close()
    assert demo.plant(days=7, name="again").url == first.url
    # A cell may run twice: the first plant is still open.
    second = demo.plant(days=30, name="again")
    assert second.url == first.url
    assert len(table(fetched(second.url)[1])) == second.rows
    second.close()
    assert capsys.readouterr().out == ""


def test_plants_of_other_names_and_of_another_aero_have_other_urls(monkeypatch, tmp_path):
    with demo.plant(name="one") as one, demo.plant(name="two") as two:
        assert one.url != two.url
    monkeypatch.setenv("AERO_HOME", str(tmp_path))
    with demo.plant(name="one") as elsewhere:
        assert elsewhere.url != one.url


def test_a_plant_says_where_it_is_when_its_port_is_in_use(capsys):
    with demo.plant(days=7, name="taken") as plant:
        usual = plant.url
    with (
        demo.Plant(port=int(usual.split(":")[2].split("/")[0])),
        demo.plant(days=7, name="taken") as moved,
    ):
        assert moved.url != usual
        assert len(table(fetched(moved.url)[1])) == moved.rows
    output = capsys.readouterr().out
    assert "is in use" in output
    assert moved.url in output
