export function contractTypes(yamlText: string): string;
