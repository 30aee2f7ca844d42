/** `node webhook_verify.mjs SECRET < {"headers": …, "body": …}`: the message, if its signature holds. */

import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';

const { headers, body } = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(new Webhook(process.argv[2]).verify(body, headers)));
