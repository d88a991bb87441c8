// Keeps a page up to date: what changes on the server is shown, and said once.
const part = document.querySelector("[data-live]");
if (part) {
  const stream = new EventSource(part.dataset.live);
  stream.addEventListener("state", async (event) => {
    const now = document.querySelector("[data-live]");
    if (event.data === now.dataset.state) return;
    const answer = await fetch(location.href);
    if (!answer.ok) return stream.close();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
    if (!fresh) return stream.close();
    now.replaceChildren(...fresh.childNodes);
    now.dataset.state = fresh.dataset.state;
    const say = document.querySelector("#live-say"), current = now.querySelector("[aria-current] h3") || now.querySelector(".line > li:last-child h3");
    if (say && current) say.textContent = "Changed: " + current.textContent;
  });
  stream.addEventListener("over", () => stream.close());
}
