// The bare peer of the HTTP measurement: parses JSON, answers JSON.
const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  async (request) => Response.json({ jsonrpc: "2.0", id: 1, result: await request.json() }),
);
Deno.stdout.writeSync(new TextEncoder().encode(`${server.addr.port}\n`));
