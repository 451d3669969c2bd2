// index.ts: every kind of fault that a stress run injects.

import { CLIENT_FAULTS } from './clients.js';
import type { Fault } from './fault.js';
import { SUBJECT_FAULTS, type SubjectVisit } from './subject-faults.js';

export const FAULTS: readonly Fault<SubjectVisit>[] = [...CLIENT_FAULTS, ...SUBJECT_FAULTS];
