import { createSigner, createVerifier } from 'fast-jwt';
import { answer } from './answer.js';

const KEY = 'a secret of forty characters, or so, here';
const sign = createSigner({ key: KEY, algorithm: 'HS256', expiresIn: 86_400_000 });
const tokenOf = (index) => sign({ sub: `user${index}`, jti: `session${index}`, type: 'api' });

export const header = (index) => ['Authorization', `Bearer ${tokenOf(index)}`];

export function serve() {
  const verify = createVerifier({ key: KEY, algorithms: ['HS256'], cache: false });
  return (request, response) => {
    const { sub, jti, type } = verify((request.headers.authorization ?? '').slice(7));
    answer(response, true, { user_id: sub, id: jti, type });
  };
}
