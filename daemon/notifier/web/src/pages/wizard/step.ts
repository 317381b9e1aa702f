// What every step of the wizard is given.

import type { RuleInput } from "../../api/contract";
import type { JobDraft, Step } from "../../core/job_form";

export interface StepProps {
  job: JobDraft;
  set: (change: Partial<JobDraft>) => void;
  isNew: boolean;
  /** Rules of notification that are made together with a new job. */
  rules: RuleInput[];
  setRules: (rules: RuleInput[]) => void;
  visit: (step: Step) => void;
  /** What is wrong with a field, once it is time to say so. */
  problemOf: (field: string) => string;
}
