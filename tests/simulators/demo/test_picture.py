"""The demo's picture is one file that asks nobody for anything, and is the same for the same story."""

from pathlib import Path

from rich.text import Text

from simulators.demo.picture import WIDTH, new_sheet, save_sheet

README_PICTURE = Path(__file__).parents[3] / "docs" / "demo.svg"


def test_a_picture_asks_nobody_for_a_font(tmp_path: Path) -> None:
    """Whoever reads the README calls no foreign server; what is told stands in it."""
    for name in ("a.svg", "b.svg"):
        sheet = new_sheet()
        sheet.print(Text("ALARM road.collapse", style="bold white on red"))
        save_sheet(sheet, tmp_path / name)
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "ALARM&#160;road.collapse" in text
    assert "@font-face" not in text
    assert "url(http" not in text
    assert text == (tmp_path / "b.svg").read_text(encoding="utf-8")


def test_the_readmes_picture_tells_both_stories() -> None:
    """That of the lift and that of the road, as ``simulate demo --picture docs/demo.svg`` draws them."""
    text = README_PICTURE.read_text(encoding="utf-8").replace("&#160;", " ")
    assert "ALARM lift.entrapment" in text
    assert "ALARM road.collapse" in text
    assert "hub why" in text
    assert "@font-face" not in text
    assert WIDTH > 100
