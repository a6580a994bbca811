"""Whatever villages and lines a list is put together from: stored is exactly what was shown, and only in their unit."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.rehearsal.chat import SERVER
from storage import findings
from storage.audit import audit
from tests.support.bot_in_memory import FIRST, LI, SECOND, ZHANG, InMemoryBot, dump, plan
from tests.support.examples import examples

MAILING = f"@mailing:{SERVER}"
OWN = ("麦岭示范一村", "麦岭示范二村", "麦岭镇")
NAMES = (*OWN, *OWN, "麦岭示范一", FIRST, SECOND, "示范", "王家村", "县水利局", "")
SAID = """无|没有问题|一切正常|无，入户12户|没有，查台账|4-10无|4-10无，入户12户；12有，慢病卡没办|除12外无，查台账|4无|22水管漏|22有|22有，水管漏，其余无
水管漏|慢病卡没办，厕所坏了|三组王五家水管漏|3户没水|4-10不涉及|7、8稍后|稍后|有|不涉及|1-3无|30、31有|40有，赵六没领到补贴，41无|22有，水管漏；4-10无，现场
什么时候交？|不对，12记错了|还没报|收到|烦死了|无，明天再看|基本没有|4-10无，6有2个孩子没领|22记错了，应该是23项|✅|嗯||除了22水管漏其他没有|教育帮扶 无|99无|12有，麦岭示范二村也有"""
FORMS = ("{name} {said}", "{name}：{said}", "{n}. {name} {said}", "{n}、{name}：{said}", "{name}（李四） {said}", "🌟{name} {said}", "{name}{said}")  # fmt: skip
BEFORE = (
    "4-6 不涉及", "22有，水管漏", "12有", "5无，现场", "7-9 稍后", "3-72无，入户3户",
)  # fmt: skip
LINES = st.tuples(st.sampled_from(NAMES), st.sampled_from(re.split(r"[|\n]", SAID)), st.sampled_from(FORMS))
HEADS = st.sampled_from(("", "#接龙\n", "麦岭镇排查接龙\n", "接龙："))
PRIOR = st.lists(st.tuples(st.sampled_from(OWN[:1]), st.sampled_from(BEFORE)), max_size=3)
NOS = {item.no: item.id for item in plan().campaign.items}
ANSWERS = {"未发现问题": "clear", "不涉及": "not_applicable", "稍后": "later", "有问题": "found"}

Cell = tuple[str, str]


def numbers(text: str) -> list[int]:
    spans = [part.split("-") for part in text.split("、")]
    return [no for span in spans for no in range(int(span[0]), int(span[-1]) + 1)]


def shown(reply: str) -> tuple[dict[Cell, tuple[str, str]], list[tuple[str, int, str]]]:
    """What the summary says: (place, item) -> answer and basis; and each problem with its place, item and words."""
    cells: dict[Cell, tuple[str, str]] = {}
    problems: list[tuple[str, int, str]] = []
    place, last = "", list[Cell]()
    for said in reply.split("\n"):
        if head := re.fullmatch(r"\d+ (\S+?)(?:（代\S+报）)?", said):
            place, last = head[1], []
        elif basis := re.fullmatch("　核查方式：(.+)", said):
            cells |= {cell: (cells[cell][0], basis[1]) for cell in last}
        elif problem := re.fullmatch(r"　第(\d+)项【.+?】有问题：(.+)", said):
            problems.append((place, int(problem[1]), problem[2]))
            cells[place, NOS[int(problem[1])]] = ("found", "")
        elif marked := re.fullmatch(r"　第([\d、-]+)项(未发现问题|不涉及|稍后|有问题)(?:，共\d+项)?", said):
            last = [(place, NOS[no]) for no in numbers(marked[1])]
            cells |= dict.fromkeys(last, (ANSWERS[marked[2]], ""))
    return cells, problems


def stored(stand: InMemoryBot) -> dict[Cell, tuple[str, str]]:
    sql = "SELECT name, item_id, answer, basis FROM checks JOIN places ON places.id = place_id"
    return {(row[0], row[1]): (row[2], row[3]) for row in stand.tx.all(sql)}


def words_of(stand: InMemoryBot) -> dict[int, tuple[str, str, str]]:
    return {f.no: (f.place_id, f.item_id, f.description) for f in findings.live(stand.tx)}


@examples(150)
@given(HEADS, st.lists(LINES, min_size=1, max_size=6), PRIOR)
def test_what_is_stored_is_what_was_shown(
    head: str, lines: list[tuple[str, str, str]], prior: list[tuple[str, str]]
) -> None:
    stand = InMemoryBot()
    for place, said in prior:
        stand.say(f"{place} {said}", LI)
    stand.says("取消", "取消", "取消", who=LI)
    stand.says("取消", who=ZHANG)
    said = "\n".join(form.format(n=n, name=name, said=s) for n, (name, s, form) in enumerate(lines, 1))
    before, kept = stored(stand), dump(stand.tx, "checks", "findings", "actions")
    had = words_of(stand)
    reply = stand.say(head + said, MAILING)
    if "都对就记下" not in reply:
        return
    assert dump(stand.tx, "checks", "findings", "actions") == kept
    cells, problems = shown(reply)
    stand.say("1", MAILING)
    after = stored(stand)
    assert {place for place, _ in cells} <= set(OWN)
    assert after.keys() == before.keys() | cells.keys()
    for cell, (answer, basis) in after.items():
        if cell not in cells:
            assert (answer, basis) == before[cell]
        else:
            keeps = before.get(cell, ("", ""))
            stands = keeps[1] if keeps[0] == cells[cell][0] and not cells[cell][1] else cells[cell][1]
            assert (answer, basis) == (cells[cell][0], stands)
    new = {no: told for no, told in words_of(stand).items() if had.get(no) != told}
    place_ids = {row[0]: row[1] for row in stand.tx.all("SELECT name, id FROM places")}
    told = sorted((place_ids[place], NOS[no], words) for place, no, words in problems)
    assert sorted(found for found in new.values() if found[2]) == told
    stand.says("稍后", who=MAILING)
    stand.says("撤回", "1", who=MAILING)
    assert {cell: answer for cell, (answer, _) in stored(stand).items()} == {
        c: a for c, (a, _) in before.items()
    }
    assert words_of(stand) == had
    assert audit(stand.tx).first_wrong is None
    assert stand.tx.number("SELECT count(*) FROM inbox WHERE state = 'failed'") == 0
