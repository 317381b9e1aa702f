// What every step of the wizard is given.

import type { JobDraft, Step } from "../../core/job_form";

export interface StepProps {
  job: JobDraft;
  set: (change: Partial<JobDraft>) => void;
  isNew: boolean;
  visit: (step: Step) => void;
  /** What is wrong with a field, once it is time to say so. */
  problemOf: (field: string) => string;
}
