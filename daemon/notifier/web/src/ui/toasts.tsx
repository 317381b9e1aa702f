import { dismiss, toasts } from "../state/toasts";
import { Button, Name } from "./basics";

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((one) => (
        <div key={one.id} class={`toast ${one.tone}`}>
          <div class="grow stack close">
            {one.href ? (
              <a class="strong" href={one.href} onClick={() => dismiss(one.id)}>
                <Name>{one.title}</Name>
              </a>
            ) : (
              <span class="strong">
                <Name>{one.title}</Name>
              </span>
            )}
            {one.text && (
              <span class="soft small">
                <Name>{one.text}</Name>
              </span>
            )}
          </div>
          <Button kind="quiet" small icon="close" label="Dismiss" onClick={() => dismiss(one.id)} />
        </div>
      ))}
    </div>
  );
}
