/** All cases of the contract between the sandbox and a real kube-apiserver. */
import type { ContractCase } from './api.ts';
import { deleteCases } from './cases-deletes.ts';
import { httpCases } from './cases-http.ts';
import { patchCases } from './cases-patches.ts';
import { readCases } from './cases-reads.ts';
import { validationCases } from './cases-validation.ts';
import { watchCases } from './cases-watches.ts';
import { writeCases } from './cases-writes.ts';

export const contractCases: readonly ContractCase[] = [
  ...readCases,
  ...writeCases,
  ...validationCases,
  ...patchCases,
  ...deleteCases,
  ...watchCases,
  ...httpCases,
];
