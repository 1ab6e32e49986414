/** The server of a cluster as client-go reads it: a URL, or `host:port`, which means http://. */

export function parseServer(text: string): URL | null {
  const [, scheme] = /^([A-Za-z][A-Za-z\d+.-]*):\/\/./.exec(text) ?? [];
  const url = scheme === undefined ? `http://${text}` : text;
  if (!URL.canParse(url)) return null;
  const server = new URL(url);
  if (!['http:', 'https:'].includes(server.protocol)) return null;
  // A path needs a scheme in front of it.
  if (scheme === undefined && server.pathname !== '/') return null;
  server.search = '';
  server.hash = '';
  return server;
}
