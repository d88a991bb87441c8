// A person of tenant B at a browser without a window: it keeps cookies, follows
// what leads on within the installation, fills in forms and stops where it is
// sent away.

import { env, login } from "./lab.mjs";

const entities = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&#34;": '"', "&#39;": "'", "&#43;": "+", "&quot;": '"' };

function plain(text) {
  return text.replace(/&[#a-z0-9]+;/gi, (e) => entities[e] ?? e);
}

function attribute(tag, name) {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag);
  return found ? plain(found[1]) : undefined;
}

export class Browser {
  cookies = new Map();

  // go fetches an address and returns the page, or where it leads out.
  async go(address, form) {
    for (let hops = 0; hops < 10; hops++) {
      const headers = { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ") };
      if (form) {
        headers["sec-fetch-site"] = "same-origin";
      }
      const answer = await fetch(address, { method: form ? "POST" : "GET", body: form, headers, redirect: "manual" });
      for (const cookie of answer.headers.getSetCookie()) {
        const [pair] = cookie.split(";");
        const at = pair.indexOf("=");
        if (/max-age=(0|-)/i.test(cookie)) {
          this.cookies.delete(pair.slice(0, at));
        } else {
          this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
        }
      }
      const to = answer.headers.get("location");
      if (!to) {
        return { page: await answer.text(), status: answer.status };
      }
      const next = new URL(to, address);
      if (next.origin !== new URL(login).origin) {
        return { sent: next };
      }
      address = next.href;
      form = undefined;
    }
    throw new Error("the browser is sent around in circles");
  }

  // press presses a button of a page, with fields filled in.
  async press(on, button, fill = {}) {
    for (const [, attributes, body] of (on.page ?? "").matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)) {
      const fields = new URLSearchParams();
      for (const [tag] of body.matchAll(/<input[^>]*>/g)) {
        const name = attribute(tag, "name");
        if (name && (attribute(tag, "type") !== "checkbox" || /\schecked/.test(tag))) {
          fields.set(name, attribute(tag, "value") ?? "");
        }
      }
      for (const [tag, text] of body.matchAll(/<button[^>]*>([\s\S]*?)<\/button>/g)) {
        if (plain(text.replace(/<[^>]*>/g, "")).trim() !== button) {
          continue;
        }
        if (attribute(tag, "name")) {
          fields.set(attribute(tag, "name"), attribute(tag, "value"));
        }
        for (const [name, value] of Object.entries(fill)) {
          fields.set(name, value);
        }
        return this.go(new URL(attribute(attributes, "action"), login).href, fields);
      }
    }
    throw new Error(`there is no button ${button} on ${on.sent ?? on.page}`);
  }

  // prove goes through the pages of address and password.
  async prove(on) {
    const next = await this.press(on, "Next", { username: env.ENTENTE_ADMIN_B_UPN });
    return this.press(next, "Sign in", { password: env.ENTENTE_ADMIN_B_PASSWORD });
  }

  // signIn goes from an application to its own address, and returns that.
  async signIn(address) {
    const end = await this.prove(await this.go(address));
    if (!end.sent) {
      throw new Error(`the browser stays on ${end.page}`);
    }
    return end.sent;
  }

  // enterCode types the code of a device and says something about it.
  async enterCode(address, code, say = "I started this myself") {
    const next = await this.press(await this.go(address), "Next", { otc: code });
    return this.press(await this.prove(next), say);
  }
}
