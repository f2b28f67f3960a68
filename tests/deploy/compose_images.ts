import { CERTBOT, importStandIn, NGINX, type StandIn } from "./stand_ins.ts";
import { PROJECT, type Stack } from "./stack.ts";
import { textOf } from "./machine.ts";
export async function provideImages(stack: Stack): Promise<void> {
  const bin = `${PROJECT}dist/telegram-toolkit-mcp`;
  const deno = Deno.execPath();
  const js = `${stack.folder}/sandbox.js`;
  await textOf([deno, "bundle", "--quiet", "--platform", "deno", "--output", js, `${PROJECT}sandbox/main.ts`]);
  const APP: StandIn = {
    name: "telegram-toolkit-mcp:latest",
    paths: [bin, "/lib/x86_64-linux-gnu/libnss_dns.so.2", "/lib/x86_64-linux-gnu/libresolv.so.2"],
    texts: {},
    folders: ["/data"],
    changes: [`ENTRYPOINT ["${bin}"]`, 'CMD ["serve"]', "USER 65532:65532", `ENV PATH=${PROJECT}dist:/usr/bin`],
  };
  const SANDBOX: StandIn = {
    name: "telegram-toolkit-mcp-sandbox:latest",
    paths: [deno, "/usr/bin/sh"],
    texts: { "/app/sandbox.js": await Deno.readTextFile(js), "/usr/bin/deno": `#!/bin/sh\nexec ${deno} "$@"\n` },
    folders: ["/data"],
    changes: [
      'ENTRYPOINT ["deno","run","-A","/app/sandbox.js"]',
      "USER 65532:65532",
      "ENV DENO_DIR=/tmp",
      "ENV PATH=/usr/bin",
    ],
  };
  for (const one of [NGINX, CERTBOT, APP, SANDBOX]) await importStandIn(one, stack.docker);
}
