/** Hides the user info of every URL in a text: `https://me:token@host/` becomes `https://***@host/`. */
export function redactUrls(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@'"]+@/gi, '$1***@')
}
