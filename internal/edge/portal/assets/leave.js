// Goes on from a sign-out once every application is told, for readers with script.
const link = document.querySelector("a[data-leave]");
const go = () => location.replace(link.href);
if (link) {
  window.addEventListener("load", go);
  setTimeout(go, 4000);
}
