"""Visits: a browser that uses the pages as somebody does, and notes all that is wrong with them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

from launcher.driving import Driver
from launcher.stack import Stack

AXE = (Path(__file__).parent / "axe-core/axe.min.js").read_text()
RUN_AXE = """
(rules) => axe.run(document, {
    resultTypes: ["violations"],
    rules: {"target-size": {enabled: true}},
    ...(rules.length ? {runOnly: rules} : {}),
})
"""
"""Every rule that axe has on by itself, and WCAG 2.2's size of targets (24 by 24 pixels)."""
OVERFLOWING = """
() => {
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= wide) return [];
    return [...document.body.querySelectorAll("*")]
        .filter((one) => one.getBoundingClientRect().right > wide + 1)
        .slice(0, 5)
        .map((one) => `${one.tagName}.${one.className} reaches ${one.getBoundingClientRect().right}`);
}
"""
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 375, "height": 740}
PATIENCE_MS = 30_000
"""Generous: other tests and builds may have the computer, too."""
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")


@dataclass
class Recall:
    """A whole stack, on which the worked example has been played.

    Attributes:
        stack: the processes.
        driver: its clock, and its HTTP as programs use it.
        empty: what was wrong with the list of targets while it was empty.
        empty_text: what that list said.
    """

    stack: Stack
    driver: Driver
    empty: list[str] = field(default_factory=list)
    empty_text: str = ""

    @property
    def address(self) -> str:
        """Where staff's pages are."""
        return self.stack.stack["dashboard"]

    @property
    def token(self) -> str:
        """What signs in."""
        return self.stack.stack["token"]

    @property
    def hosts(self) -> set[str]:
        """The hosts that a page may ask: staff's, and the patients' own."""
        return {urlsplit(self.stack.stack[name]).netloc for name in ("dashboard", "invitations")}


class Visit:
    """One page of one visitor, who is signed in unless they say otherwise."""

    def __init__(
        self, recall: Recall, context: BrowserContext, page: Page, wrong: list[str]
    ) -> None:
        self.recall = recall
        self.context = context
        self.page = page
        self._wrong = wrong
        self._refused: set[str] = set()
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
        page.on("request", self._on_request)
        page.on("response", self._on_response)

    async def sign_in(self) -> None:
        """By the link that `./dev up` prints."""
        await self.page.goto(f"{self.recall.address}/sign-in?key={self.recall.token}")

    async def open(self, path: str, status: int = 200) -> None:
        """Go to a page of staff's, or to any by its whole address."""
        address = path if "://" in path else f"{self.recall.address}{path}"
        if status >= 400:
            self._refused.add(address)
        answer = await self.page.goto(address)
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"

    async def violations(self, *rules: str) -> list[str]:
        """What axe-core finds on the page, by all of its rules or these alone, one line each."""
        if not await self.page.evaluate("() => 'axe' in window"):
            await self.page.evaluate(AXE)
        found = await self.page.evaluate(RUN_AXE, list(rules))
        return [
            f"{self.page.url} {one['id']} ({one['impact']}): {one['help']}: "
            + "; ".join(" ".join(map(str, node["target"])) for node in one["nodes"][:5])
            for one in found["violations"]
        ]

    async def overflow(self) -> list[str]:
        """What sticks out of the page sideways; nothing while the page does not scroll that way."""
        found: list[str] = await self.page.evaluate(OVERFLOWING)
        return [f"{self.page.url}: {one}" for one in found]

    async def sound(self) -> None:
        """Nothing is wrong with the page as it is now (axe-core needs the page's scripts to run)."""
        found = [*await self.violations(), *await self.overflow()]
        assert not found, "\n".join(found)

    def will_be_refused(self, path: str) -> None:
        """A form goes to this address and is refused on purpose; the browser writes a line of it."""
        self._refused.add(f"{self.recall.address}{path}")

    async def press(self, name: str, *, role: Literal["button", "link"] = "button") -> None:
        """Press a button or follow a link by its name; it leads to another page."""
        async with self.page.expect_navigation():
            await self.page.get_by_role(role, name=name, exact=True).click()

    async def texts(self, selector: str) -> list[str]:
        """The texts of all that a selector finds, spaces made one."""
        found = await self.page.locator(selector).all_inner_texts()
        return [" ".join(text.split()) for text in found]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        # The browser itself writes a line when a page that we ask for is a refusal.
        if REFUSED.match(message.text) and message.location["url"] in self._refused:
            return
        self._wrong.append(f"{self.page.url}: console: {message.text} {message.location}")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and parts.netloc not in self.recall.hosts:
            self._wrong.append(f"{self.page.url} asked {parts.netloc}")

    def _on_response(self, response: Response) -> None:
        """What is refused of a form is said on the page; the browser's own line is no fault."""
        if response.request.method == "POST":
            self._refused.add(response.url)


class Visits:
    """Opens visits and closes them; what was wrong on any of their pages is in `wrong`."""

    def __init__(self, browser: Browser, recall: Recall) -> None:
        self.wrong: list[str] = []
        self._browser = browser
        self._recall = recall
        self._contexts: list[BrowserContext] = []

    async def begin(
        self,
        *,
        javascript: bool = True,
        viewport: dict[str, int] | None = None,
        signed_in: bool = True,
        bypass_csp: bool = False,
    ) -> Visit:
        """A new visitor, with cookies of their own."""
        context = await self._browser.new_context(
            java_script_enabled=javascript,
            viewport=viewport or WIDE,  # type: ignore[arg-type]
            bypass_csp=bypass_csp,
            locale="en-GB",
            # The times on the pages must be the practice's, wherever its browser thinks it is.
            timezone_id="America/New_York",
        )
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        visit = Visit(self._recall, context, await context.new_page(), self.wrong)
        if signed_in:
            await visit.sign_in()
        return visit

    async def end(self) -> None:
        """Close everything."""
        for context in self._contexts:
            await context.close()


async def number_links(visit: Visit) -> list[tuple[str, str, int]]:
    """The numbers of the page: where each stands in the JSON, its link, and what it says."""
    script = """
    () => [...document.querySelectorAll("[data-number]")].map((shown) => [
        shown.dataset.number,
        shown.closest("a")?.getAttribute("href") ?? "",
        Number(shown.textContent.replaceAll(",", "")),
    ])
    """
    found: Sequence[Sequence[Any]] = await visit.page.evaluate(script)
    return [(str(key), str(href), int(n)) for key, href, n in found]


async def rows_of(visit: Visit, href: str) -> int:
    """How many patients a list holds, counted on all of its pages."""
    await visit.open(href)
    total = 0
    while True:
        total += await visit.page.locator("main table tbody tr").count()
        following = visit.page.locator("main a[rel=next]")
        if await following.count() == 0:
            return total
        await visit.open(str(await following.first.get_attribute("href")))


def number_at(said: dict[str, Any], key: str) -> int:
    """The number at a place such as "overview.booked" or "rounds.2.declined" of a target's JSON."""
    group, *rest = key.split(".")
    if group == "rounds":
        row = next(row for row in said["rounds"] if str(row["round"]) == rest[0])
        return int(row[rest[1]])
    # The last row of the breakdown says of all rounds what the overview says.
    return int(said["overview" if group == "totals" else group][rest[0]])
