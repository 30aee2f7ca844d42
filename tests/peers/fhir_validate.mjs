/** `node fhir_validate.mjs R4|R5 < BUNDLE`: the faults of a bundle and of every resource in it, as a JSON list. */

import { readFileSync } from 'node:fs';
import { faults, load } from './fhir_definitions.mjs';

load(process.argv[2]);
const bundle = JSON.parse(readFileSync(0, 'utf8'));
const found = [bundle, ...(bundle.entry ?? []).map((one) => one.resource)].flatMap(faults);
console.log(JSON.stringify([...new Set(found)]));
