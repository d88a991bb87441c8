// Lets the buttons beside codes copy them, for readers with script.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const code = document.getElementById(button.dataset.copy);
  if (!navigator.clipboard || !code) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.textContent.trim());
    button.firstChild.textContent = "Copied";
    button.setAttribute("aria-live", "polite");
  });
}
