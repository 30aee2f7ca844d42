/**
 * `node fhir_server.mjs R4|R5`: a FHIR server in memory on a free port of loopback, which it prints.
 *
 * It refuses what HL7's definitions do not allow, and keeps to a token if `FHIR_TOKEN` holds one.
 */

import { createServer } from 'node:http';
import { getStatus } from '@medplum/core';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';
import { faults, load } from './fhir_definitions.mjs';

load(process.argv[2] ?? 'R4');
const router = new FhirRouter();
const repository = new MemoryRepository();
const token = process.env.FHIR_TOKEN;

function refusal(text) {
  const issue = [{ severity: 'error', code: 'invalid', details: { text }, diagnostics: text }];
  return { resourceType: 'OperationOutcome', issue };
}

async function answer(method, url, body) {
  const bad = body?.resourceType ? [body, ...(body.entry ?? []).map((one) => one.resource)].flatMap(faults) : [];
  if (bad.length) return [422, refusal(bad[0])];
  const request = {
    method,
    url: url.replace('/fhir', ''),
    pathname: '',
    params: {},
    query: {},
    body,
    headers: {},
    config: { transactions: true },
  };
  const [outcome, resource] = await router.handleRequest(request, repository);
  return [getStatus(outcome), resource ?? outcome];
}

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const send = (status, value) =>
    response.writeHead(status, { 'Content-Type': 'application/fhir+json' }).end(JSON.stringify(value));
  if (token && request.headers.authorization !== `Bearer ${token}`) return send(401, refusal('no token'));
  try {
    const text = Buffer.concat(chunks).toString();
    send(...(await answer(request.method, request.url, text ? JSON.parse(text) : undefined)));
  } catch (error) {
    send(error.outcome ? getStatus(error.outcome) : 500, error.outcome ?? refusal(String(error)));
  }
}).listen(0, '127.0.0.1', function () {
  console.log(this.address().port);
});
