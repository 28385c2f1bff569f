/** The clipboard, where the page is served without TLS too. */

/** Copy a text; whether that worked. */
export async function copyText(text: string, near: Element): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text); // undefined on plain http
    return true;
  } catch {
    // An element outside of an open dialog cannot take the focus, so it goes where the button is.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "off-screen";
    near.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}
