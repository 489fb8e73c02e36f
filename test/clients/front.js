import { once } from 'node:events';
import { request } from 'node:http';
import { createServer } from 'node:https';
import tls from 'node:tls';
import { generate } from 'selfsigned';

/**
 * HTTPS before an address that may be told later, as a proxy is: clients want it. This process trusts its
 * certificate from then on.
 */
export async function startFront() {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
  });
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), cert]);
  const front = { url: '', target: '', stop };
  const server = createServer({ key, cert }, (incoming, answer) => {
    const { method, url, headers } = incoming;
    const passed = request(front.target + url, { method, headers }, (response) => {
      answer.writeHead(response.statusCode, response.headers);
      response.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    incoming.pipe(passed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  front.url = `https://localhost:${server.address().port}`;

  async function stop() {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
  return front;
}
