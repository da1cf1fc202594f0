/** Spells a field of the history as the members of our JSON are spelled: `address.houseNumber` is `address.house_number`. */
export function wireField(field: string): string {
  return field.replace(
    /([a-z0-9])([A-Z])/g,
    (_, before: string, letter: string) => `${before}_${letter.toLowerCase()}`,
  );
}

/** The same backwards; a name that is spelled as in the history already stays as it is. */
export function domainField(field: string): string {
  return field.replace(/([a-z0-9])_([a-z])/g, (_, before: string, letter: string) => before + letter.toUpperCase());
}
