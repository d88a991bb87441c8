// Tells in which zone this device shows times; on the page where one is chosen, it only offers it.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone, offer = document.querySelector("button[data-zone]");
const name = "__Host-entente-zone", year = 31536000;
if (zone && offer && offer.dataset.zone !== zone) {
  offer.hidden = false;
  offer.value = zone;
  offer.append(` ${zone}`);
} else if (zone && !offer && window.cookieStore) {
  cookieStore.set({ name, value: zone, path: "/", sameSite: "lax", expires: Date.now() + year * 1000 });
} else if (zone && !offer) {
  document.cookie = `${name}=${zone}; path=/; secure; samesite=lax; max-age=${year}`;
}
