/** Hides the user info of every URL in a text: `https://me:token@host/` becomes `https://***@host/`. */
export function redactUrls(text: string): string {
  // Without the scheme in front of it, which would be looked for anew from every place where one could begin.
  return text.replace(/:\/\/[^\s/@'"]+@/g, '://***@')
}
