// Goes on to the access package that the part after # names, for links of the form #/access-packages/….
const go = () => {
  const found = /^#\/access-packages\/([0-9a-f-]{36})$/i.exec(location.hash);
  if (found) location.replace(location.pathname.replace(/\/$/, "") + "/access-packages/" + found[1]);
};
go();
window.addEventListener("hashchange", go);
