const make = (status, code, message) => ({ status, body: JSON.stringify({ status: false, error: { code, message } }) });

export const errors = {
  tooLarge: make(413, 1004, 'Payload too large'),
  mediaType: make(415, 1005, 'Unsupported media type'),
  notFound: make(404, 3001, 'Entity not found'),
  database: make(503, 3002, 'Database Error'),
  unauthorized: make(401, 4001, 'Unauthorized'),
  noToken: make(401, 4002, 'No auth token'),
  keyReused: make(422, 5002, 'Idempotency key reused'),
  limit: make(400, 5017, 'Limit Exceeded'),
  provider: make(400, 5060, 'StorageProvider not found'),
};

export const validationError = (list) => ({
  status: 400,
  body: JSON.stringify({ status: false, error: { code: 3000, message: 'Validation Error', data: { errors: list } } }),
});
